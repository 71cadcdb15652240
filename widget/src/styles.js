/**
 * The few rules that nothing works without: room kept for what comes later, buttons that hide, a list over the page.
 * A constructed style sheet needs no permission from a Content-Security-Policy, and `:where` lets any rule of the
 * page win.
 */

const RULES = `
[data-prefill-undo][hidden],.prefill-button[hidden]{display:none!important}
:where(.prefill-note){display:block;min-height:1.25lh}
:where(.prefill-note-large){min-height:2.5lh}
:where(.prefill-note:empty){margin-block:0}
:where([data-prefill-state]:not([data-prefill-state=idle]) [data-prefill-status]){min-height:2.5lh}
:where([data-prefill-state]:not([data-prefill-state=idle]) .prefill-actions){min-height:2.75em}
:where([data-prefill-status] p){margin:0}
:where(.prefill-take){display:inline;padding:0;border:0;background:none;color:inherit;font:inherit;text-decoration:underline;cursor:pointer}
.prefill-list{position:absolute;z-index:9999;margin:0;padding:0;list-style:none;max-width:min(100vw,36em);max-height:18em;overflow:auto;background:Canvas;color:CanvasText;border:1px solid}
.prefill-list>li{margin:0;padding:.6em .8em;list-style:none;min-height:1.5em;cursor:pointer}
.prefill-list>[aria-selected=true]{background:Highlight;color:HighlightText;outline:2px solid Highlight}
[data-prefill-debug] [data-prefill-bound]{outline:2px dashed!important;outline-offset:2px}`

/** @type {CSSStyleSheet | undefined} */
let sheet

/** @param {Node} node */
export function adoptStyles(node) {
	const root = /** @type {Document | ShadowRoot} */ (node.getRootNode())
	try {
		sheet ||= new CSSStyleSheet()
		if (!sheet.cssRules.length) sheet.replaceSync(RULES)
		if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
	} catch {
		// An old browser: the form works without them.
	}
}
