/** Vue 3: the directive `v-prefill`, whose value is the options. */

import { attach } from '../src/module.js'

/** @type {WeakMap<HTMLElement, import('../src/page.js').Handle>} */
const handles = new WeakMap()

export const vPrefill = {
	/** @param {HTMLElement} element @param {{ value?: import('../src/block.js').Options }} binding */
	mounted(element, { value }) {
		handles.set(element, attach(element, value))
	},
	/** @param {HTMLElement} element */
	beforeUnmount(element) {
		handles.get(element)?.detach()
		handles.delete(element)
	},
}

/** The handle of an element that has the directive. @param {HTMLElement} element */
export const handleOf = element => handles.get(element)
