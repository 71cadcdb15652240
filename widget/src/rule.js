/** The one rule for writing: what may be done with a register's value in a field, as a pure function. */

import { plain } from './matching.js'

/**
 * @typedef {object} Written What the script knows of a field that it wrote.
 * @property {string} before The field's value before any prefill.
 * @property {string} after The field's value just after writing: ours as long as the field still has it.
 * @property {string} number The number of the company that it came from.
 * @property {string} [mark] The register's value that it stands for.
 * @property {{ confirm: true }} [altered] That the page made something else of the value.
 */

/**
 * @typedef {object} Situation
 * @property {string} current The field's value now.
 * @property {boolean} empty Whether that is no value.
 * @property {boolean} focused Whether the candidate is in the field.
 * @property {boolean} edited Whether the candidate changed it: what they emptied stays empty.
 * @property {Written | undefined} written
 * @property {string} next The register's value, as the field would have it.
 */

/** Whether the field still has what the script wrote. @param {string} current @param {Written | undefined} written */
export const isOurs = (current, written) => !!written && current === written.after

/**
 * `write`: it may be written. `same`: the field has that value. `suggest`: somebody else's value stands there, the
 * register's is a suggestion. `wait`: the candidate is in the field, look again when they leave it.
 * @param {Situation} situation @returns {'write' | 'same' | 'suggest' | 'wait'}
 */
export function decide({ current, empty, focused, edited, written, next }) {
	if (current === next) return 'same'
	const free = written ? isOurs(current, written) : empty && !edited
	if (!free) return 'suggest'
	return focused ? 'wait' : 'write'
}

/** @param {string} text */
const bare = text => plain(text).replace(/ /g, '')

/** @param {string} text @returns {number} NaN when it is more than an amount. */
const amountOf = text =>
	/^-?\d[\d\s.,]*€?$/.test(text) ? +text.replace(/[\s€]|[.,](?=\d{3}(\D|$))/g, '').replace(',', '.') : NaN

/** Whether a mask took an amount for another one, as where it wants another decimal mark. @param {string} a @param {string} b */
export const isMisread = (a, b) => !!(amountOf(a) - amountOf(b))

/** Whether a page only laid out anew what was written, as an input mask does. @param {string} a @param {string} b */
export const isReformatted = (a, b) => amountOf(a) === amountOf(b) || (bare(a) === bare(b) && !isMisread(a, b))
