/** Reading a field in the service's answer, or in the parts of a stream. */

/** @typedef {import('./transport.js').Answer} Answer */
/**
 * @typedef {object} Found
 * @property {string} pointer @property {any} value @property {string[]} synonyms Other ways of writing the value.
 * @property {Record<string, any> | undefined} source Who says so. @property {Record<string, any> | undefined} gap Why there is none.
 */

/** @param {Answer} answer @param {string} name An alias, or a JSON pointer. @returns {Found} */
function findIn({ aliases = {}, provenance = {}, missing = {}, data = {}, synonyms = {} }, name) {
	const pointer = aliases[name] || name
	const value =
		pointer[0] === '/'
			? pointer
					.split('/')
					.slice(1)
					.reduce(
						(/** @type {any} */ part, /** @type {string} */ key) => part?.[key.replace(/~1/g, '/').replace(/~0/g, '~')],
						data,
					)
			: undefined
	let path = pointer
	while (path && !provenance[path] && !missing[path]) path = path.replace(/\/?[^/]*$/, '')
	return { pointer, value, source: provenance[path], gap: missing[path], synonyms: synonyms[pointer] || [] }
}

/** Whether a register gave a value. @param {Found} found */
export const hasValue = ({ source, value }) => !!source && value != null && value !== ''

/** The latest word on a field. @param {readonly Answer[]} parts @param {string} name @returns {Found | undefined} */
export function find(parts, name) {
	/** @type {Found | undefined} */
	let gap
	for (let index = parts.length; index--;) {
		const found = findIn(parts[index], name)
		if (hasValue(found)) return found
		if (found.gap) gap ||= found
	}
	return gap
}

/** Whether every source that was asked failed. @param {Answer} answer */
export function isOutage(answer) {
	const states = Object.values(answer.sources || {}).map(source => source.status)
	return (
		!Object.keys(answer.provenance || {}).length &&
		states.length > 0 &&
		states.every(status => /^(unavailable|late|misconfigured|not_applicable)$/.test(status)) &&
		states.includes('unavailable')
	)
}

/** The longest wait that a failing source asks for. @param {Answer} answer */
export const longestWait = answer =>
	Math.max(
		0,
		...[...Object.values(answer.sources || {}), ...Object.values(answer.missing || {})].map(
			part => part.retryAfter || 0,
		),
	)

/** @param {Answer} answer */
export const hasLate = answer => Object.values(answer.missing || {}).some(gap => gap.reason === 'late')
