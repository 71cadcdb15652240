// A form as it was received: its receipt, the company that sent it, and its values by JSON pointer.

/**
 * @typedef {object} Received
 * @property {string} receipt
 * @property {string} siret
 * @property {string} procedure
 * @property {Record<string, unknown>} values By JSON pointer.
 * @property {string[]} lacking The pointers of the receipt that the form has no value for.
 */

const MAX_VALUES = 2000
const MAX_DEPTH = 30

/**
 * Read what was pasted. The values are under `values` (by pointer, as a program sends them) or `data` (as the service gave
 * them), or are the whole object.
 *
 * @param {string} text
 * @param {string} apart The receipt, where it is not in the text.
 * @returns {Received | null} Nothing where it is no object.
 */
export const readReceived = (text, apart) => {
	const whole = parse(text)
	if (!isTree(whole) || Array.isArray(whole)) return null
	const given = whole.values ?? whole.data ?? leaving(whole, ['receipt', 'siret', 'procedure'])
	const receipt = apart.trim() || wordOf(whole.receipt)
	const signed = pointersOf(receipt)
	const values = isTree(given) ? collect(given, signed) : {}
	return {
		receipt,
		siret: wordOf(whole.siret),
		procedure: wordOf(whole.procedure),
		values,
		lacking: signed.filter(pointer => !(pointer in values)),
	}
}

/** @param {string} text */
const parse = text => {
	try {
		return JSON.parse(text)
	} catch {
		return null
	}
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
const isTree = value => typeof value === 'object' && value !== null

/** @param {unknown} value */
const wordOf = value => (typeof value === 'string' ? value : '')

/**
 * @param {Record<string, unknown>} whole
 * @param {string[]} names
 */
const leaving = (whole, names) => Object.fromEntries(Object.entries(whole).filter(([name]) => !names.includes(name)))

/**
 * The fields that a receipt speaks of. They are read before the signature is verified, and only tell where to look.
 *
 * @param {string} receipt
 * @returns {string[]}
 */
const pointersOf = receipt => {
	try {
		const bytes = atob((receipt.split('.')[1] || '').replaceAll('-', '+').replaceAll('_', '/'))
		const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, byte => byte.charCodeAt(0))))
		return Object.keys(claims.fields).filter(isPointer).slice(0, MAX_VALUES)
	} catch {
		return []
	}
}

/** @param {string} name */
const isPointer = name => name.startsWith('/')

/**
 * @param {Record<string, unknown>} given
 * @param {string[]} signed
 * @returns {Record<string, unknown>}
 */
const collect = (given, signed) => {
	const names = Object.keys(given)
	if (names.length && names.every(isPointer)) return Object.fromEntries(Object.entries(given).slice(0, MAX_VALUES))
	/** @type {Record<string, unknown>} */
	const found = {}
	for (const pointer of signed) {
		const value = valueAt(given, pointer)
		if (value !== undefined && value !== null) found[pointer] = value
	}
	addLeaves(given, '', new Set(signed), found, 0)
	return found
}

/**
 * @param {unknown} tree
 * @param {string} pointer RFC 6901.
 */
const valueAt = (tree, pointer) => {
	let value = tree
	for (const step of pointer.split('/').slice(1)) {
		const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
		if (!isTree(value) || !Object.hasOwn(value, key)) return undefined
		value = value[key]
	}
	return value
}

/**
 * Add what stands under no pointer of the receipt.
 *
 * @param {unknown} tree
 * @param {string} at
 * @param {Set<string>} signed
 * @param {Record<string, unknown>} found
 * @param {number} depth
 */
const addLeaves = (tree, at, signed, found, depth) => {
	if (signed.has(at) || depth > MAX_DEPTH || Object.keys(found).length >= MAX_VALUES) return
	if (!isTree(tree)) {
		if (tree !== null && tree !== '' && at) found[at] = tree
		return
	}
	for (const [key, value] of Object.entries(tree)) {
		addLeaves(value, `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, signed, found, depth + 1)
	}
}
