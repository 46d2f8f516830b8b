extension GoldenRenderings {
    /// Filters, tests and statements.
    static let statements: [(source: String, text: String)] = [
        (
            "{{ l|first }} {{ l|last }} {{ []|first }} {{ l|max }} {{ ls|min }} {{ l|sum }} {{ rows|s"
                + "um(attribute='v') }} {{ l|length }} {{ s|count }}",
            "3 2  3 A 6 6 3 11"
        ),
        (
            "{{ l|join(', ') }} {{ rows|join('/', attribute='n') }} {{ ls|map('upper')|join }} {{ row"
                + "s|map(attribute='z', default='-')|list }}",
            "3, 1, 2 x/Y/x BAC ['-', '-', '-']"
        ),
        (
            "{{ rows|selectattr('v', 'gt', 1)|list }} {{ rows|rejectattr('n', 'equalto', 'x')|list }}"
                + " {{ [0, 1, '']|select|list }} {{ l|reject('odd')|list }}",
            "[{'n': 'x', 'v': 3}, {'n': 'x', 'v': 2}] [{'n': 'Y', 'v': 1}] [1] [2]"
        ),
        (
            "{{ rows|groupby('n') }} {% for g in rows|groupby('n') %}{{ g.grouper }}:{{ g.list|length"
                + " }} {% endfor %}",
            "[('x', [{'n': 'x', 'v': 3}, {'n': 'x', 'v': 2}]), ('Y', [{'n': 'Y', 'v': 1}])] x:2 Y:1 "
        ),
        (
            "{{ l|batch(2)|list }} {{ l|batch(2, 0)|list }} {{ l|slice(2)|list }} {{ [1, 1, 2]|unique"
                + "|list }} {{ l|reverse|list }} {{ s|reverse }}",
            "[[3, 1], [2]] [[3, 1], [2, 0]] [[3, 1], [2]] [1, 2] [2, 1, 3] dlroW olleH"
        ),
        (
            "{{ undef|default('a') }} {{ ''|default('a') }} {{ ''|default('a', true) }} {{ o|default("
                + "'a') }} {{ none|d('x', boolean=true) }}",
            "a  a None x"
        ),
        (
            "{{ '42'|int + 1 }} {{ '4x'|int }} {{ '4x'|int(7) }} {{ ' 3.9 '|int }} {{ 'ff'|int(0, 16)"
                + " }} {{ '1.50'|float }} {{ 3.7|int }} {{ 2.5|round }} {{ 3.14159|round(2) }} {{ 2.1|round"
                + "(0, 'ceil') }} {{ -5|abs }}",
            "43 0 7 3 255 1.5 3 2.0 3.14 3.0 5"
        ),
        (
            "{{ d|tojson }} {{ [1, 1.0, true, none, 'é\"\\n\\u007f']|tojson }} {{ {'a': {}, 'b': [], 'c'"
                + ": [1]}|tojson(indent=2) }} {{ d|tojson(sort_keys=true, separators=(',', ':')) }} {{ ['é😀"
                + "']|tojson(ensure_ascii=true) }} {{ {1: 2, none: 3, true: 4, 1.5: 5}|tojson }}",
            "{\"b\": 1, \"a\": \"x\"} [1, 1.0, true, null, \"é\\\"\\n\u{7F}\"] {\n "
                + " \"a\": {},\n  \"b\": [],\n  \"c\": [\n    1"
                + "\n  ]\n} {\"a\":\"x\",\"b\":1} [\"\\u00e9\\ud83d\\ude00\"] {\"1\": 4, \"null\": 3, \"1.5\": 5}"
        ),
        (
            "{{ '<a href=\"x\">\\'&'|e }} {{ ('<b>'|safe) + '<i>' }} {{ ['<b>'|safe] }} {{ ('a'|safe) ~ "
                + "'<' }}",
            "&lt;a href=&#34;x&#34;&gt;&#39;&amp; <b>&lt;i&gt; [Markup('<b>')] a<"
        ),
        (
            "{{ lines|indent(2) }}|{{ lines|indent('> ', true, true) }}|{{ 'a b c d e f'|truncate(6, "
                + "leeway=0) }}|{{ 'a'|center(5) }}|{{ 'a b c'|wordcount }} {{ 'a b/ü&'|urlencode }} {{ d|u"
                + "rlencode }}",
            "one\n  two\n\n  three|> one\n> two\n> \n> three|a...|  a  |3 a%20b/%C3%BC%26 b=1&a=x"
        ),
        (
            "{{ range(5)|list }} {{ range(1, 9, 3)|list }} {{ range(3) }} {{ range(5)[1:3] }} {{ rang"
                + "e(5)[-1] }} {{ 3 in range(5) }}",
            "[0, 1, 2, 3, 4] [1, 4, 7] range(0, 3) range(1, 3) 4 True"
        ),
        (
            "{{ n is odd }} {{ n is divisibleby 7 }} {{ s is string }} {{ d is mapping }} {{ l is ite"
                + "rable }} {{ d.items() is sequence }} {{ n is number }} {{ b is boolean }} {{ b is true }"
                + "} {{ f is float }} {{ undef is defined }} {{ o is none }} {{ n is in [7] }} {{ n is not "
                + "eq 3 }} {{ 'A' is upper }} {{ range is callable }} {{ 1 is sameas 1 }}",
            "True True True True True False True True True True False True True True True True True"
        ),
        (
            "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}"
                + "{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }}{{"
                + " loop.cycle('a', 'b') }}{{ loop.changed(x > 1) }}{{ loop.depth }} {% endfor %}",
            "1032TrueFalse31aTrue1 2121FalseFalse332bTrue1 3210FalseTrue31aTrue1 "
        ),
        (
            "{% for x in l if x > 1 %}{{ x }}{{ loop.length }}{{ loop.last }} {% else %}none{% endfor"
                + " %}{% for x in [] %}{% else %}none{% endfor %}",
            "32False 22True none"
        ),
        (
            "{% for x in range(9) %}{% if x == 2 %}{% continue %}{% elif x == 5 %}{% break %}{% endif"
                + " %}{{ x }}{% endfor %}{% for x in l %}{% continue %}{% else %}else{% endfor %}",
            "0134else"
        ),
        (
            "{% for a, (b, c) in [(1, (2, 3))] %}{{ a + b + c }}{% endfor %}{% for k, v in d.items() "
                + "%}{{ k }}={{ v }};{% endfor %}{% for c in 'aé' %}{{ c }}.{% endfor %}",
            "6b=1;a=x;a.é."
        ),
        (
            "{% set x = 1 %}{% for y in l %}{% set x = x + y %}{{ x }}{% endfor %}{{ x }}{% set ns = "
                + "namespace(x=1) %}{% for y in l %}{% set ns.x = ns.x + y %}{% endfor %}{{ ns.x }}{{ ns }}",
            "42317<Namespace {'x': 7}>"
        ),
        (
            "{% if b %}{% set z = 1 %}{% endif %}{{ z }}{% if o %}{% set w = 1 %}{% endif %}{{ w is d"
                + "efined }}{% set a, c = 1, 2 %}{{ a }}{{ c }}{% set k %}x{{ n }}{% endset %}{{ k }}{% set"
                + " k | upper %}y{% endset %}{{ k }}",
            "1False12x7Y"
        ),
        (
            "{% macro m(a, b='B', c=a) %}[{{ a }}{{ b }}{{ c }}{{ varargs }}{{ kwargs }}]{% endmacro "
                + "%}{{ m(1) }}{{ m(1, c=2) }}{{ m(1, 2, 3, 4, x=5) }}{{ m() }}{{ m.name }}{{ m.arguments }"
                + "}",
            "[1B1(){}][1B2(){}][123(4,){'x': 5}][B(){}]m('a', 'b', 'c')"
        ),
        (
            "{% macro m(a) %}<{{ caller(a) }}>{% endmacro %}{% call(x) m(3) %}{{ x * 2 }}{% endcall %"
                + "}{% macro f(k) %}{{ k }}{{ f(k - 1) if k }}{% endmacro %}{{ f(3) }}{% macro g() %}{{ lat"
                + "er }}{% endmacro %}{{ g() }}{% set later = 1 %}{{ g() }}",
            "<6>32101"
        ),
        (
            "{% with x = 1, y = s %}{{ x }}{{ y }}{% endwith %}{{ x }}{% filter upper %}a{{ s }}{% en"
                + "dfilter %}{% generation %}g{% endgeneration %}{% print 1, 2 %}",
            "1Hello WorldAHELLO WORLDg12"
        ),
        (
            "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{"
                + "% set j = joiner('|') %}{{ j() }}{{ j() }}{{ dict(z=1, **d) }}{{ dict([('k', 1)]) }}",
            "abab|{'z': 1, 'b': 1, 'a': 'x'}{'k': 1}"
        ),
        (
            "{{ strftime_now('%d %B %Y, %a %A %b %H:%M:%S %I %p %j %y %m %F %T %e %w %u %%') }}",
            "26 July 2024, Fri Friday Jul 13:05:00 01 PM 208 24 07 2024-07-26 13:05:00 26 5 5 %"
        ),
    ]

    /// Whitespace around tags.
    static let whitespace: [(source: String, text: String)] = [
        (
            "a\n{% if b %}\nx\n{% endif %}\nb\n",
            "a\nx\nb"
        ),
        (
            "  {% if b %}  \n  x\n  {% endif %}  \nb",
            "  \n  x\n  \nb"
        ),
        (
            "a\n  {{ n }}\nb\n\n",
            "a\n  7\nb\n"
        ),
        (
            "{% if b -%}\n  x  \n{%- endif %}\n y",
            "x y"
        ),
        (
            "a  {%- if b %} x {% endif -%}  b",
            "a x b"
        ),
        (
            "  {%+ if b %}x{% endif +%}\ny",
            "  x\ny"
        ),
        (
            "a\r\n  {% if b %}\r\nx\r\n  {% endif %}\r\nb\r\n",
            "a\nx\nb"
        ),
        (
            "{# c #}\na\n  {# c #}\nb {#- c -#} d",
            "a\nbd"
        ),
        (
            "{% raw %}\n {{ x }} {% endraw %}\n{%- raw -%} {% if %} {%- endraw -%} z",
            "\n {{ x }} {% if %}z"
        ),
        (
            "a {{- n -}} b",
            "a7b"
        ),
        (
            "x\n\t{% set y = 1 %}\t\n{{ y }}\n\n\n",
            "x\n\t\n1\n\n"
        ),
        (
            "a{% if b %}\n\n{% endif %}\n\nb",
            "a\n\nb"
        ),
    ]
}
