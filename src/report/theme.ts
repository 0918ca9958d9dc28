/** The look of pages: colours for light and dark, and the style that all of them share. */
import { twins } from "../figure/palette.ts"

const own: ReadonlyArray<readonly [name: string, light: string, dark: string]> = [
  ...twins,
  ["card", "#f6f8fa", "#1e2329"],
  ["accent", "#0550ae", "#79b8ff"],
  ["busy", "#7a4b00", "#f0c05a"],
  ["ran", "#116329", "#6fdd8b"]
]
const variables = (place: 1 | 2): string => own.map((each) => `--${each[0]}:${each[place]};`).join("")

export const theme = `
:root{color-scheme:light;${variables(1)}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;${variables(2)}}}
:root[data-theme=dark]{color-scheme:dark;${variables(2)}}
@media print{:root,:root[data-theme=dark],:root:not([data-theme=light]){color-scheme:light;${variables(1)}}}
*{box-sizing:border-box}
html{scroll-padding-top:3.5rem}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif;overflow-wrap:break-word}
main{max-width:76rem;margin:0 auto;padding:0 1.25rem 4rem}
h1{font-size:1.6rem;line-height:1.25;margin:1.5rem 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.75rem 0 .75rem;padding-top:.25rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.75rem 0 .4rem;overflow-wrap:anywhere}
a{color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.muted{color:var(--soft)}
.small{font-size:.86rem}
code,pre,.id{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:.86em;overflow-wrap:anywhere}
pre{max-height:22rem;overflow:auto;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.6rem .8rem;white-space:pre-wrap}
.scroll{overflow-x:auto;max-width:100%}
table.data{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
.data th,.data td{text-align:left;padding:.28rem .9rem .28rem 0;border-bottom:1px solid var(--line);vertical-align:top}
.data th{color:var(--soft);font-weight:500}
.data td{max-width:34rem;overflow-wrap:break-word}
.data td[rowspan],.data:not(:has(td[rowspan])) td:first-child:not(.number){min-width:9rem}
.plain{font-weight:400}
.data .number{text-align:right;white-space:nowrap}
nav.top{position:sticky;top:0;z-index:2;background:var(--page);border-bottom:1px solid var(--line)}
nav.top>div{max-width:76rem;margin:0 auto;padding:.45rem 1.25rem;display:flex;gap:1rem;align-items:center;overflow-x:auto;white-space:nowrap;font-size:.9rem}
nav.top a{text-decoration:none}
nav.top button{margin-left:auto}
button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.2rem .7rem;cursor:pointer}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.75rem;margin:1.1rem 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.6rem .8rem}
.card b{display:block;font-size:1.25rem;font-weight:600;overflow-wrap:anywhere}
.card span{color:var(--soft);font-size:.84rem}
.state{font-weight:600;white-space:nowrap}
.state-ran,.state-done,.state-passed{color:var(--ran)}
.state-failed,.state-crashed{color:var(--bad)}
.state-running,.state-waiting,.state-interrupted,.state-skipped{color:var(--busy)}
.state-cached,.state-pending{color:var(--soft)}
details{border:1px solid var(--line);border-radius:8px;margin:.6rem 0;padding:0 .9rem}
details[open]{padding-bottom:.8rem}
summary{cursor:pointer;padding:.45rem 0;overflow-wrap:anywhere}
figure{margin:1rem 0 2rem}
figure svg,figure img{display:block;height:auto}
figcaption{font-weight:600;margin-bottom:.35rem;overflow-wrap:anywhere}
figure p{margin:.35rem 0;color:var(--soft);font-size:.88rem;max-width:60rem}
figure img.foreign{background:#fff;border-radius:6px;max-width:100%}
.said{white-space:pre-wrap}
.missing{border-left:3px solid var(--line);padding-left:.8rem;color:var(--soft)}
svg.dag{display:block;max-width:none}
.dag rect{fill:var(--card);stroke:var(--line);stroke-width:1.5}
.dag path{fill:none;stroke:var(--line)}
.dag text{fill:var(--ink);font:12px system-ui,sans-serif}
.dag text.muted{fill:var(--soft);font-size:11px}
.dag .cached rect{stroke:var(--soft);stroke-dasharray:4 3}
.dag .ran rect{stroke:var(--ran)}
.dag .failed rect{stroke:var(--bad);stroke-width:2.5}
.dag .running rect,.dag .waiting rect{stroke:var(--busy);stroke-width:2.5}
.dag .interrupted rect{stroke:var(--busy);stroke-dasharray:4 3}
.dag a:hover rect,.dag a:focus-visible rect{stroke:var(--accent);stroke-width:2.5}
.frame{border:1px solid var(--line);border-radius:8px;max-height:80vh;overflow:auto;padding:.5rem}
.panel{display:none}
.panel:target{display:block;position:fixed;z-index:3;right:0;top:0;bottom:0;width:min(34rem,100%);overflow:auto;background:var(--page);border-left:1px solid var(--line);box-shadow:0 0 2rem #0006;padding:1rem 1.25rem}
.panel h3{margin:.25rem 2rem .5rem 0}
.panel .close{position:absolute;right:1rem;top:1rem;text-decoration:none;font-size:1.2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:.5rem 0;font-size:.9rem}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere;min-width:0}
.sides{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(30rem,100%),1fr));gap:1.25rem}
.sides>*{min-width:0}
@media (max-width:40rem){body{font-size:15px}main{padding:0 .9rem 3rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.4rem}}
@media print{nav.top,.panel:target{display:none}.scroll,.frame{overflow:visible;max-height:none;border:0}figure,table.data tr{break-inside:avoid}figure svg,svg.dag{max-width:100%;height:auto}}
`
