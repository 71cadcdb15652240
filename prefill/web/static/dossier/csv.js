// A table as CSV for a French spreadsheet: semicolons, a byte order mark, and no cell that a spreadsheet evaluates.

const FORMULA = /^[\s"']*[=+\-@%|＝＋－＠]/u

/**
 * @param {string} text
 * @returns {string} A cell in quotes; what begins a formula, at its start or after a separator, gets an apostrophe.
 */
export const cell = text => {
	const parts = String(text).split(/([;\t\r\n,])/)
	const safe = parts.map((part, place) => (place % 2 === 0 && FORMULA.test(part) ? `'${part}` : part)).join('')
	return `"${safe.replaceAll('"', '""')}"`
}

/** @param {string[][]} rows */
export const toCsv = rows => `\ufeff${rows.map(row => row.map(cell).join(';')).join('\r\n')}\r\n`
