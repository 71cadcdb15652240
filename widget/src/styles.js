/**
 * The few rules that nothing works without: space reserved for what comes later, buttons that hide, a list over the page.
 * A constructed style sheet needs no permission from a Content-Security-Policy, and `:where` lets any rule of the
 * page win.
 */

const RULES = `
[data-prefill-undo][hidden],.prefill-button[hidden]{display:none!important}
:where(.prefill-note){display:block;min-height:1.25lh}
:where(.prefill-note-large){min-height:2.5lh}
:where([data-prefill-state]:not([data-prefill-state=idle]) [data-prefill-status]){min-height:2.5lh}
:where([data-prefill-state]:not([data-prefill-state=idle]) .prefill-actions){min-height:2.75em}
:where(.prefill-actions){display:flex;flex-wrap:wrap;gap:.5em;align-items:start}
:where(.prefill-notice){min-height:1lh}
:where([data-prefill-status] p){margin:0}
:where(.prefill-take){display:inline;padding:0;border:0;background:none;color:inherit;font:inherit;text-decoration:underline;cursor:pointer}`

/** @type {Map<string, CSSStyleSheet>} */
const sheets = new Map()

/** @param {Node} node @param {string} [rules] */
export function adoptStyles(node, rules = RULES) {
	const root = /** @type {Document | ShadowRoot} */ (node.getRootNode())
	try {
		const sheet = sheets.get(rules) || new CSSStyleSheet()
		if (!sheets.has(rules)) sheet.replaceSync(rules)
		sheets.set(rules, sheet)
		if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
	} catch {
		// An old browser: the form works without them.
	}
}
