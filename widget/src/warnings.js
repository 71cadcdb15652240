/** Telling the page's author of a mistake, once. */

/** @type {Set<string>} */
const told = new Set()

/** @param {string} sentence @param {...unknown} details */
export function warn(sentence, ...details) {
	if (told.has(sentence)) return
	told.add(sentence)
	console.warn(`prefill: ${sentence}`, ...details)
}
