/** The classic script: `window.Prefill`, and the page's blocks attached at once. */

import { attach, scan, start } from './page.js'
import { ask, service } from './transport.js'
import { identify } from './identifiers.js'

if (!(/** @type {any} */ (window).Prefill)) {
	service.base = /** @type {HTMLScriptElement | null} */ (document.currentScript)?.src || ''
	const version = PREFILL_VERSION
	/** @param {string} number @param {import('./transport.js').Request & { onfields?: (part: object) => void }} [options] */
	const fetch = (number, options = {}) => ask(identify(number).value, options, options.onfields)
	Object.assign(window, { Prefill: { attach, scan, fetch, version } })
	start()
}
