/** Svelte: the action `use:prefill={options}`. */

import { attach } from '../src/module.js'

/** @param {HTMLElement} element @param {import('../src/block.js').Options} [options] */
export function prefill(element, options) {
	const handle = attach(element, options)
	return {
		/** @param {import('../src/block.js').Options} changed */
		update(changed) {
			attach(element, changed)
		},
		destroy: () => handle.detach(),
	}
}
