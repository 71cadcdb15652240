/** The classic script: `window.Prefill`, and the page's blocks attached at once. */

import { attach, scan, start } from './page.js'
import { parts } from './parts.js'
import { addressOf, ask, service } from './transport.js'
import { identify } from './identifiers.js'

/** @typedef {{ createPolicy: (name: string, rules: object) => { createScriptURL: (url: string) => string } }} TrustedTypes */

const own = /** @type {HTMLScriptElement | null} */ (document.currentScript)

/** Load the search beside the script: the same version, whose content the script knows. @returns {Promise<any>} */
const loadSearch = () =>
	new Promise((resolve, reject) => {
		const fail = () => reject(Object.assign(new Error('no search'), { missing: true }))
		const script = document.createElement('script')
		const { trustedTypes } = /** @type {{ trustedTypes?: TrustedTypes }} */ (/** @type {unknown} */ (window))
		try {
			const { href } = addressOf(`prefill@${PREFILL_VERSION}.search.js`, {}, [])
			const policy = trustedTypes?.createPolicy('prefill', { createScriptURL: (/** @type {string} */ url) => url })
			script.src = policy ? policy.createScriptURL(href) : href
		} catch {
			// Trusted Types without a policy of that name: the input takes numbers only.
			return fail()
		}
		script.integrity = PREFILL_SEARCH
		script.crossOrigin = ''
		script.nonce = own?.nonce || ''
		script.onerror = fail
		script.onload = () => resolve(/** @type {any} */ (script).prefillSearch)
		document.head.append(script)
	})

if (!(/** @type {any} */ (window).Prefill)) {
	service.base = own?.src || ''
	const version = PREFILL_VERSION
	/** @param {string} number @param {import('./transport.js').Request & { onfields?: (part: object) => void }} [options] */
	const fetch = (number, options = {}) => ask(identify(number).value, options, options.onfields)
	/** @type {Promise<any> | undefined} */
	let search
	parts.search = () => (search ||= loadSearch())
	Object.assign(window, { Prefill: { attach, scan, fetch, version } })
	start()
}
