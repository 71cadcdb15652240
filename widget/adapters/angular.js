/** Angular 17 and later: `injectPrefill()` in a component attaches its form for as long as the component lives. */

import { DestroyRef, ElementRef, afterNextRender, inject } from '@angular/core'
import { attach } from '../src/module.js'

/** @param {import('../src/block.js').Options & { form?: string }} [options] `form`: a selector inside the component. */
export function injectPrefill({ form = 'form', ...options } = {}) {
	/** @type {HTMLElement} */
	const host = inject(ElementRef).nativeElement
	const destroy = inject(DestroyRef)
	/** @type {{ handle?: import('../src/page.js').Handle }} */
	const prefill = {}
	afterNextRender(() => {
		prefill.handle = attach(/** @type {HTMLElement | null} */ (host.querySelector(form)) || host, options)
		destroy.onDestroy(() => prefill.handle.detach())
	})
	return prefill
}
