/** Finding the choice of a list that means a value. */

/** @typedef {{ value: string, label: string }} Choice */

/** @param {unknown} text Without accents, case, or anything but letters and digits. */
export const plain = text =>
	`${text}`
		.normalize('NFD')
		.replace(/[\u0300-\u036f]/g, '')
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, ' ')
		.trim()

const BOOLEANS = [
	['true', '1', 'oui', 'yes', 'o', 'y', 'on'],
	['false', '0', 'non', 'no', 'n', 'off'],
]

/**
 * Everything that means the same as a value, the value first.
 * @param {unknown} value @param {readonly string[][]} groups Words that mean the same: the service's and the page's.
 * @returns {string[]}
 */
export function meaningsOf(value, groups = []) {
	// "SAS, société par actions simplifiée": the whole, then what stands before the comma.
	const words = [`${value}`, `${value}`.split(/[,(]/)[0]].map(plain).filter(Boolean)
	const same = [...groups, ...BOOLEANS]
		.map(group => group.map(plain).filter(Boolean))
		.filter(group => words.some(word => group.includes(word)))
	return [...new Set([...words, ...same.flat()])]
}

/**
 * The index of the choice that means the value, or -1: values before labels, the value itself before its synonyms.
 * @param {readonly Choice[]} choices @param {unknown} value @param {readonly string[][]} [groups]
 */
export function indexOfChoice(choices, value, groups) {
	const written = [choices.map(({ value }) => plain(value)), choices.map(({ label }) => plain(label))]
	for (const meaning of meaningsOf(value, groups))
		for (const texts of written) {
			const index = texts.indexOf(meaning)
			if (index >= 0) return index
		}
	return -1
}
