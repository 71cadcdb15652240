// Values, days and durations in French.

const NUMBERS = new Intl.NumberFormat('fr-FR', { maximumFractionDigits: 2 })
const MOMENTS = new Intl.DateTimeFormat('fr-FR', { dateStyle: 'short', timeStyle: 'short' })

/** @param {number} value */
export const number = value => NUMBERS.format(value)

/** @param {Date} date */
export const moment = date => MOMENTS.format(date)

/** @param {string} text An ISO day. */
export const day = text => text.split('-').reverse().join('/')

/** @param {number} bytes */
export const kilobytes = bytes => `${number(Math.ceil(bytes / 1000))} ko`

/** @param {number} seconds */
export const duration = seconds => {
	if (seconds >= 172800) return `${Math.round(seconds / 86400)} jours`
	if (seconds >= 7200) return `${Math.round(seconds / 3600)} heures`
	if (seconds >= 120) return `${Math.round(seconds / 60)} minutes`
	return `${Math.ceil(seconds)} secondes`
}

/**
 * @param {any} value
 * @param {string} type A field's type: date, boolean, number, integer, string.
 */
export const written = (value, type) => {
	if (type === 'date') return day(value)
	if (type === 'boolean') return value ? 'oui' : 'non'
	if (type === 'number' || type === 'integer') return number(value)
	return String(value)
}
