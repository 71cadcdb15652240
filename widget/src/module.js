/** The ES module: the same functions as exports. Importing it attaches nothing by itself: call `start()`. */

import { identify } from './identifiers.js'
import { parts } from './parts.js'
import { Search } from './search.js'
import { ask, service } from './transport.js'

export { attach, scan, start } from './page.js'
export { PrefillElement, defineElement } from './element.js'

parts.search = () => Promise.resolve(Search)
service.base = import.meta.url

/** The folder of the service, for a copy of this module that a site serves itself. @param {string} url */
export const useService = url => {
	service.base = url
}

/** @param {string} number @param {import('./transport.js').Request & { onfields?: (part: object) => void }} [options] */
export const fetchPrefill = (number, options = {}) => ask(identify(number).value, options, options.onfields)

export const version = typeof PREFILL_VERSION === 'undefined' ? 'source' : PREFILL_VERSION
