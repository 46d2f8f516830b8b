/// How the page looks: on a screen, dark or light, narrow or wide, and on paper, which is never dark.
///
/// Texts have a contrast of 4.5 to 1 or more to what is behind them, marks of 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11); tones
/// that differ in meaning differ in lightness, and values stand beside them as texts.
let pageStyleSheet: StaticString = """

    :root {
        color-scheme: light dark;
        --paper: #ffffff; --ink: #1b1b1b; --muted: #595959; --line: #767676; --grid: #d9d9d9;
        --with: #7592b8; --against: #7a1f0a; --accent: #1f4e8c; --doubt: #8a3b00;
        --shade0: #ffffff; --shade1: #e3ebf4; --shade2: #c7d7ea; --shade3: #a9c1dd; --shade4: #87a8ce;
        --shade5: #4a6f9f; --shade6: #2f5484; --shade7: #153760; --on-light: #1b1b1b; --on-dark: #ffffff;
        --low: var(--on-light); --high: var(--on-dark);
    }
    @media screen and (prefers-color-scheme: dark) {
        :root {
            --paper: #14171a; --ink: #ececec; --muted: #b0b0b0; --line: #8c8c8c; --grid: #3a3f45;
            --with: #4f749d; --against: #ffb38f; --accent: #9cc3f5; --doubt: #ffb870;
            --shade0: #14171a; --shade1: #1e2a38; --shade2: #273d55; --shade3: #335273; --shade4: #3f6690;
            --shade5: #7fa6d1; --shade6: #a9c6e6; --shade7: #d6e6f7; --on-light: #111111; --on-dark: #ececec;
            --low: var(--on-dark); --high: var(--on-light);
        }
    }
    * { box-sizing: border-box; }
    body {
        margin: 0 auto; padding: 1rem; max-width: 58rem; background: var(--paper); color: var(--ink);
        font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
    }
    h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 0.5rem; }
    h2 {
        font-size: 1.3rem; line-height: 1.25; margin: 2.5rem 0 0.5rem; padding-top: 1rem;
        border-top: 1px solid var(--line);
    }
    h3 { font-size: 1.05rem; margin: 1.5rem 0 0.25rem; }
    p { margin: 0.5rem 0; max-width: 44rem; }
    a { color: var(--accent); }
    nav ul { list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; }
    .verdict { font-size: 1.3rem; font-weight: 700; line-height: 1.3; }
    .doubtful { color: var(--doubt); border-left: 0.4rem solid var(--doubt); padding-left: 0.75rem; }
    .warnings { border: 2px solid var(--doubt); padding: 0.25rem 1rem; margin: 1rem 0; max-width: 44rem; }
    .warnings h3 { margin-top: 0.5rem; color: var(--doubt); }
    .warnings ul { margin: 0.25rem 0 0.5rem; padding-left: 1.25rem; }
    .note, figcaption, .place { color: var(--muted); font-size: 0.9rem; }
    .place b { color: var(--ink); }
    figure { margin: 1rem 0; max-width: 38rem; }
    figcaption { margin-top: 0.25rem; }
    svg { display: block; width: 100%; height: auto; }
    svg text {
        font: 13px system-ui, sans-serif; fill: var(--ink);
        paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round;
    }
    .grid { stroke: var(--grid); stroke-width: 1; }
    .axis { stroke: var(--line); stroke-width: 1; }
    .reference { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 5 4; fill: none; }
    .interval { stroke: var(--ink); stroke-width: 2; }
    .curve { stroke: var(--accent); stroke-width: 1.5; fill: none; }
    .mean { stroke: var(--ink); stroke-width: 2; }
    .mean-edge { stroke: var(--paper); stroke-width: 5; }
    .dot { fill: var(--paper); stroke: var(--ink); stroke-width: 2; }
    .dot.first { fill: var(--ink); }
    .bar { fill: var(--accent); }
    .with { fill: var(--with); }
    .against { fill: var(--against); }
    .scroll { overflow-x: auto; margin: 1rem 0; }
    table {
        border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums;
        overflow-wrap: break-word;
    }
    table.texts { overflow-wrap: anywhere; }
    caption { text-align: left; font-weight: 700; padding-bottom: 0.25rem; }
    th, td {
        text-align: left; vertical-align: top; padding: 0.2rem 0.9rem 0.2rem 0;
        border-bottom: 1px solid var(--grid);
    }
    thead th { border-bottom: 1px solid var(--line); white-space: nowrap; }
    tbody th { font-weight: 400; min-width: 6rem; }
    ol.rows { padding-left: 1.5rem; }
    ol.rows li { margin: 0 0 1rem; }
    dl {
        display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 0.75rem; margin: 0.25rem 0;
        font-size: 0.9rem;
    }
    dt { color: var(--muted); max-width: 8rem; }
    dd { margin: 0; min-width: 0; overflow: hidden; }
    .maps { display: flex; flex-wrap: wrap; gap: 0 2rem; }
    .map table { font-size: 0.8rem; line-height: 1.25; }
    .map th, .map td { padding: 0.1rem 0.45rem; text-align: right; border: 0; }
    .map thead th { vertical-align: bottom; font-weight: 400; }
    .map tbody th { min-width: 0; color: var(--muted); }
    .map td { white-space: nowrap; color: var(--low); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    .shade0 { background: var(--shade0); }
    .shade1 { background: var(--shade1); }
    .shade2 { background: var(--shade2); }
    .shade3 { background: var(--shade3); }
    .shade4 { background: var(--shade4); }
    .map .shade5 { background: var(--shade5); color: var(--high); }
    .map .shade6 { background: var(--shade6); color: var(--high); }
    .map .shade7 { background: var(--shade7); color: var(--high); }
    .map .chosen { font-weight: 700; outline: 2px solid var(--ink); outline-offset: -1px; }
    @media (max-width: 30rem) {
        dl { grid-template-columns: 1fr; }
        dt { margin-top: 0.25rem; }
        th, td { padding-right: 0.6rem; }
        tbody th { min-width: 0; }
        thead th { white-space: normal; }
    }
    @media print {
        body { max-width: none; padding: 0; font-size: 10pt; }
        nav { display: none; }
        figure, .scroll, .warnings, ol.rows li, tr { break-inside: avoid; }
        h2, h3, caption, h2 + p, h3 + p { break-after: avoid; }
        .maps { display: block; }
        .scroll { overflow: visible; }
        svg { max-width: 15cm; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    }

    """
