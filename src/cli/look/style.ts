/** What the pages of `pipeline look` need beside the style that they share with reports. */
export const style = `
h2{margin-top:2rem}
.bar{display:flex;gap:.75rem;flex-wrap:wrap;align-items:center;margin:1rem 0}
input[type=search]{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.2rem .7rem;min-width:min(22rem,100%)}
#runs .id,.bar label{white-space:nowrap}
#runs td:first-child{min-width:0}
progress{width:100%;max-width:24rem;accent-color:var(--accent)}
svg.curve{display:block;width:12rem;height:1.7rem}
svg.curve polyline{fill:none;stroke:var(--accent);stroke-width:1.5;vector-effect:non-scaling-stroke}
`
