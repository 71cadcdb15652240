/** Numbers of companies as people type them: SIRET, SIREN, French VAT number, RNA, or a name. */

/** @typedef {'empty' | 'siret' | 'siren' | 'vat' | 'rna' | 'partial' | 'name'} Kind */
/** @typedef {{ kind: Kind, value: string, valid: boolean }} Identity `value` is the bare number, or the text typed. */

/** @param {string} digits @param {boolean} luhn */
const sum = (digits, luhn) =>
	[...digits].reduce((total, digit, index) => {
		const doubled = luhn && (digits.length - index) % 2 === 0
		return total + (doubled ? +digit * 2 - (+digit > 4 ? 9 : 0) : +digit)
	}, 0)

/** @param {string} digits */
const hasLuhnKey = digits => sum(digits, true) % 10 === 0

/** @param {string} number */
export const isSiren = number => /^\d{9}$/.test(number) && hasLuhnKey(number)

/**
 * La Poste numbers its offices with a plain sum, a multiple of five; its head office has the ordinary key.
 * @param {string} number
 */
export const isSiret = number =>
	/^\d{14}$/.test(number) &&
	isSiren(number.slice(0, 9)) &&
	(/^356000000(?!00048)/.test(number) ? sum(number, false) % 5 === 0 : hasLuhnKey(number))

/** @param {string} number `FR`, two characters, nine digits. Only a key of digits can be computed. */
const isVat = number => {
	const [, key, siren] = /^FR(\w\w)(\d{9})$/.exec(number) || []
	return !!siren && isSiren(siren) && (/\D/.test(key) || +key === (12 + 3 * (+siren % 97)) % 97)
}

/** @param {string} text */
export const digitsOf = text => text.normalize('NFKC').replace(/\D/g, '')

/** @param {string} text What was typed or pasted. @returns {Identity} */
export function identify(text) {
	const typed = text.normalize('NFKC').trim()
	const bare = typed
		.toUpperCase()
		.replace(/^(N[°O]\s*)?(SIRET|SIREN|TVA|RNA)\b\s*/, '')
		.replace(/[\s.:·\-–_/]/g, '')
	if (!bare) return { kind: 'empty', value: '', valid: false }
	if (/^\d+$/.test(bare)) {
		if (bare.length === 9) return { kind: 'siren', value: bare, valid: isSiren(bare) }
		if (bare.length === 14) return { kind: 'siret', value: bare, valid: isSiret(bare) }
		return { kind: 'partial', value: bare, valid: false }
	}
	if (/^FR\w\w\d{9}$/.test(bare)) return { kind: 'vat', value: bare, valid: isVat(bare) }
	if (/^W\d[\dA-Z]\d{7}$/.test(bare)) return { kind: 'rna', value: bare, valid: true }
	// The beginning of a VAT number or of an RNA is no name to look for.
	if (/^(FR\w{0,2}\d*|W\d[\dA-Z]*\d*)$/.test(bare) && /\d/.test(bare))
		return { kind: 'partial', value: bare, valid: false }
	return { kind: 'name', value: typed, valid: typed.length > 2 }
}

/** @param {string} number A SIRET or a SIREN, grouped as it is printed. */
export const grouped = number => number.replace(/^(\d{3})(\d{0,3})(\d{0,3})/, '$1 $2 $3 ').trim()
