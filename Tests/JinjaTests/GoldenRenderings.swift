/// What `apply_chat_template` of transformers 5.24.0 with Jinja2 3.1.6 makes of templates of our own, at a fixed
/// date: written down by a script that renders each of them there.
enum GoldenRenderings {
    /// Values, methods and operators.
    static let expressions: [(source: String, text: String)] = [
        (
            "{{ s[1:4] ~ s[-3:] ~ s[::-2] }}",
            "ellrlddrWolH"
        ),
        (
            "{{ l[::-1] }}{{ l[-1] }}{{ l[5] }}{{ l[1:] + [9] }}",
            "[2, 1, 3]2[1, 2, 9]"
        ),
        (
            "{{ (1, 'a') }}{{ (1,) }}{{ () }}{{ {'a': [none, true, 1.0]} }}",
            "(1, 'a')(1,)(){'a': [None, True, 1.0]}"
        ),
        (
            "{{ q }}|{{ [q] }}|{{ ['it\"s', \"it's\"] }}",
            "it's \"q\" \\|['it\\'s \"q\" \\\\']|['it\"s', \"it's\"]"
        ),
        (
            "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % -3 }} {{ -7.5 // 2 }} {{ -7.5 % 2 }} {{ 2 ** 10 }} {{ "
                + "2 ** -1 }} {{ 7 / 2 }} {{ 4 / 2 }}",
            "3 -4 -2 -4.0 0.5 1024 0.5 3.5 2.0"
        ),
        (
            "{{ 1e16 }} {{ 1e15 }} {{ 0.0001 }} {{ 0.00001 }} {{ 1/3 }} {{ 1e300 * 1e10 }} {{ -0.0 }}",
            "1e+16 1000000000000000.0 0.0001 1e-05 0.3333333333333333 inf -0.0"
        ),
        (
            "{{ true + 1 }} {{ 1 == 1.0 }} {{ 1 == true }} {{ 'a' < 'b' < 'c' }} {{ [1, 2] < [1, 3] }"
                + "} {{ not 0 }}",
            "2 True True True True True"
        ),
        (
            "{{ 1 in l }} {{ 'ell' in s }} {{ 'b' in d }} {{ 5 not in l }} {{ 'x' in undef }}",
            "True True True True False"
        ),
        (
            "{{ 'a' if b }}{{ 'a' if not b }}{{ 'a' if o else 'c' if n else 'd' }}",
            "ac"
        ),
        (
            "{{ o or 'x' }} {{ s and n }} {{ undef or 1 }} {{ undef }}",
            "x 7 1 "
        ),
        (
            "{{ s.split() }} {{ t.split(',') }} {{ t.split(',', 1) }} {{ t.rsplit(',', 1) }} {{ t.spl"
                + "it() }}",
            "['Hello', 'World'] [' a', 'b', '', 'c \\n'] [' a', 'b,,c \\n'] [' a,b,', 'c \\n'] ['a,b,,c']"
        ),
        (
            "{{ t.strip() }}|{{ s.strip('Hd') }}|{{ t|trim }}|{{ s.lstrip('H') }}",
            "a,b,,c|ello Worl|a,b,,c|ello World"
        ),
        (
            "{{ s.find('o') }} {{ s.rfind('o') }} {{ s.find('z') }} {{ s.count('l') }} {{ u.find('é')"
                + " }} {{ u|length }}",
            "4 7 -1 3 10 11"
        ),
        (
            "{{ s.replace('l', 'L', 1) }} {{ s|replace('o', '0') }} {{ 'ab'.replace('', '-') }}",
            "HeLlo World Hell0 W0rld -a-b-"
        ),
        (
            "{{ u.upper() }} {{ u.lower() }} {{ u.title() }} {{ u|title }} {{ 'ab-cd (ef'|title }} {{"
                + " u.capitalize() }} {{ 'aB'.swapcase() }}",
            "STRASSE ΑΣ É straße ας é Straße Ας É Straße Ασ É Ab-Cd (Ef Straße ας é Ab"
        ),
        (
            "{{ s.startswith('He') }} {{ s.startswith(('x', 'H')) }} {{ s.endswith('d') }} {{ '12'.is"
                + "digit() }} {{ ''.isalpha() }} {{ 'a1'.isalnum() }}",
            "True True True True False True"
        ),
        (
            "{{ lines.splitlines() }} {{ 'a\\r\\nb\\x0bc'.splitlines(true) }}",
            "['one', 'two', '', 'three'] ['a\\r\\n', 'b\\x0b', 'c']"
        ),
        (
            "{{ 'a,b'.partition(',') }} {{ 'ab'.rpartition('x') }} {{ 'abc'.removeprefix('a').removes"
                + "uffix('c') }}",
            "('a', ',', 'b') ('', '', 'ab') b"
        ),
        (
            "{{ '%s is %d, %.2f %5s|%-5s|%05d %x %%'|format(s, n, f, 'a', 'b', -3, 255) }} {{ '%(a)s'"
                + " % {'a': 1} }}",
            "Hello World is 7, 2.50     a|b    |-0003 ff % 1"
        ),
        (
            "{{ '{} {1}'.format(1) if false else '{} {}'.format(1, s) }} {{ '{0[b]}{k.a!r:>5}'.format"
                + "(d, k=d) }} {{ '{:<4}|{:^5}|{:>4}|{:05.1f}|{:,}'.format('a', 'b', 'c', f, 1234567) }}",
            "1 Hello World 1  'x' a   |  b  |   c|002.5|1,234,567"
        ),
        (
            "{{ d.items()|list }} {{ d.keys() }} {{ d.values()|list }} {{ d.get('z') }} {{ d.get('z',"
                + " 1) }} {{ d|items|list }} {{ d|dictsort }}",
            "[('b', 1), ('a', 'x')] dict_keys(['b', 'a']) [1, 'x'] None 1 [('b', 1), ('a', 'x')] [('a"
                + "', 'x'), ('b', 1)]"
        ),
        (
            "{{ l|sort }} {{ ls|sort }} {{ ls|sort(case_sensitive=true) }} {{ l|sort(reverse=true) }}"
                + " {{ rows|sort(attribute='v')|map(attribute='v')|list }}",
            "[1, 2, 3] ['A', 'b', 'c'] ['A', 'b', 'c'] [3, 2, 1] [1, 2, 3]"
        ),
    ]
}
