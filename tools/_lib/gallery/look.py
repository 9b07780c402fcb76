"""The page's style sheet and its frame, light and dark."""
from __future__ import annotations

from string import Template

CSS = """
:root {
  --paper: #fbfaf7; --card: #fff; --ink: #1d2329; --soft: #66707a;
  --rule: #e6e3db; --good: #12876f; --stage: #12876f14;
  --c0: #0c7f8c; --c1: #d9562b; --c2: #6a54b8; --c3: #b8860b; --c4: #2f6fd0;
  --c5: #b83a72; --c6: #4f8a2f; --c7: #77706a; color-scheme: light dark;
}
@media (prefers-color-scheme: dark) { :root {
  --paper: #13161a; --card: #1b1f25; --ink: #e8eaec; --soft: #98a2ad;
  --rule: #2c323a; --good: #4fd1b0; --stage: #4fd1b014;
  --c0: #45c4d0; --c1: #ff8a5c; --c2: #a899f0; --c3: #e5b94b; --c4: #7fb0ff;
  --c5: #f083b0; --c6: #93d36c; --c7: #b5ada6;
} }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, "Segoe UI", Roboto, Inter, "Helvetica Neue",
    "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: auto; padding: 40px 20px 56px }
h1 { margin: 0; font-size: clamp(1.5rem, 4.5vw, 2.3rem); line-height: 1.2;
  letter-spacing: -.02em; overflow-wrap: anywhere }
h2 { margin: 52px 0 6px; font-size: 1.25rem; letter-spacing: -.01em }
p { margin: 4px 0 14px; color: var(--soft); max-width: 46em }
a, code { color: inherit }
code { font-size: .9em; overflow-wrap: anywhere }
.grid { display: grid; gap: 16px;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)) }
h1 + p { margin-bottom: 24px }
.tiles { display: grid; gap: 12px; align-content: start;
  grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)) }
.pairs { grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px),
  1fr)) }
.tile, figure, .card { background: var(--card); border-radius: 14px;
  border: 1px solid var(--rule); margin: 0 }
.tile { padding: 14px 16px }
.tile b { display: block; font-size: 1.3rem; line-height: 1.35;
  letter-spacing: -.02em; white-space: nowrap;
  font-variant-numeric: tabular-nums }
.tile span { color: var(--soft); font-size: .82rem }
figure { padding: 14px 14px 8px }
figcaption { font-weight: 600; font-size: .92rem; margin-bottom: 4px }
svg { display: block; width: 100%; height: auto }
svg text { fill: var(--soft); font-size: 11.5px;
  font-variant-numeric: tabular-nums }
svg .left { text-anchor: end; dominant-baseline: middle }
svg .below { text-anchor: middle }
svg .name { text-anchor: end; font-style: italic }
svg path { fill: none }
svg .grid { stroke: var(--rule) }
svg .axis { stroke: var(--soft); opacity: .6 }
svg .stage { fill: var(--stage) }
.line > path, .mark { stroke: var(--hue); stroke-width: 2;
  stroke-linejoin: round; stroke-linecap: round }
.mark { stroke-width: 1.5; stroke-dasharray: 3 5; opacity: .8 }
.dotted > path { stroke-dasharray: 1 5 }
.line circle { fill: var(--hue); opacity: 0 }
.line circle:hover, .marked circle { opacity: 1 }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; font-size: .86rem;
  color: var(--soft); margin: 0 0 12px; padding: 0; list-style: none }
.legend i { display: inline-block; width: 14px; height: 14px; margin-right:
  7px; border-radius: 4px; vertical-align: -2px; background: var(--hue) }
.legend .shade { background: var(--stage); border: 1px solid var(--good) }
.legend .dash { height: 0; border-radius: 0; border-top: 2px dashed
  var(--hue); background: none; vertical-align: 4px }
.card { padding: 16px; display: flex; gap: 18px; align-items: center }
.card > div { flex: 1; min-width: 0 }
.card p { margin: 0 0 4px; font-size: .76rem; line-height: 1.3 }
.card img { display: block; width: 100%; aspect-ratio: 1; object-fit: cover;
  border-radius: 6px }
.card > img { width: 21%; border-radius: 10px }
.strip { display: grid; grid-template-columns: repeat(5, 1fr); gap: 5px;
  margin-bottom: 12px }
.strip:last-child { margin-bottom: 0 }
.strip .same { outline: 2.5px solid var(--good); outline-offset: -1px }
.bar { display: flex; height: 30px; border-radius: 9px; overflow: hidden;
  margin: 6px 0 10px; gap: 2px }
.bar div { background: var(--hue); min-width: 3px }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-size: .92rem;
  font-variant-numeric: tabular-nums; white-space: nowrap }
th, td { text-align: right; padding: 7px 12px; border-bottom: 1px solid
  var(--rule) }
th { color: var(--soft); font-weight: 600 }
th:first-child, td:first-child { text-align: left }
.note { border-left: 3px solid var(--rule); padding: 4px 14px;
  margin-top: 16px;
  overflow-wrap: anywhere }
footer { margin-top: 52px; color: var(--soft); font-size: .82rem }
""" + ''.join(f'.c{i} {{ --hue: var(--c{i}) }}\n' for i in range(8))

FRAME = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$css</style>
</head>
<body>
<main>
$body
<footer>$footer</footer>
</main>
</body>
</html>
""")
