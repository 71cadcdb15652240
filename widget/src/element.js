/** `<prefill-siret for="form">`: attaches the form around it, or the one it names, for as long as it is in the page. */

import { attach } from './page.js'

const Base = typeof HTMLElement === 'undefined' ? /** @type {typeof HTMLElement} */ (class {}) : HTMLElement

export class PrefillElement extends Base {
	connectedCallback() {
		const name = this.getAttribute('for')
		const root = /** @type {Document | ShadowRoot} */ (this.getRootNode())
		const form = /** @type {HTMLElement | null} */ (
			name ? root.getElementById(name) : this.closest('form,[data-prefill]')
		)
		if (!form) return
		form.dataset.prefill ??= this.getAttribute('schema') || ''
		for (const option of ['url', 'tenant', 'with', 'fields', 'role', 'kit']) {
			const value = this.getAttribute(option)
			if (value !== null) form.setAttribute(`data-prefill-${option}`, value)
		}
		// Its input may not have been read yet.
		queueMicrotask(() => {
			if (!this.isConnected) return
			const input = this.querySelector('input')
			if (input) input.dataset.prefillSiret ??= ''
			this.handle = attach(form)
		})
	}

	disconnectedCallback() {
		this.handle?.detach()
		this.handle = undefined
	}
}

/** @param {string} [name] */
export function defineElement(name = 'prefill-siret') {
	if (!customElements.get(name)) customElements.define(name, PrefillElement)
}
