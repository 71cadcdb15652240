/** Finding the choice of a list that means a value. */

import { waysToWriteCountry } from './countries.js'

/** @typedef {{ value: string, label: string }} Choice */

/** @param {unknown} text Without accents, case, or anything but letters and digits. */
export const plain = text =>
	`${text}`
		.normalize('NFD')
		.replace(/[\u0300-\u036f]/g, '')
		.toLowerCase()
		.replace(/[^a-z0-9]+/g, ' ')
		.trim()

// Each line is one thing: the Insee's codes and the short and long names of legal forms.
const LEGAL_FORMS = [
	'5710|SAS|société par actions simplifiée',
	'5720|SASU|société par actions simplifiée unipersonnelle|société par actions simplifiée à associé unique',
	'5499|SARL|société à responsabilité limitée|5410|5422|5426|5430|5431|5432|5442|5443',
	'5498|EURL|SARL unipersonnelle|entreprise unipersonnelle à responsabilité limitée',
	'5599|SA|société anonyme|société anonyme à conseil d’administration|5505|5510|5515|5520|5522|5525|5530|5532|5542|5543|5546|5547|5548|5585',
	'5699|SA à directoire|société anonyme à directoire',
	'5202|SNC|société en nom collectif',
	'6540|SCI|société civile immobilière',
	'6599|société civile|6588',
	'6589|SCM|société civile de moyens',
	'6585|SCP|société civile professionnelle',
	'6598|EARL|exploitation agricole à responsabilité limitée',
	'6597|SCEA|société civile d’exploitation agricole',
	'6533|GAEC|groupement agricole d’exploitation en commun',
	'5485|SELARL|société d’exercice libéral à responsabilité limitée',
	'5785|SELAS|société d’exercice libéral par actions simplifiée',
	'5458|SCOP|société coopérative de production|5558',
	'5460|SCIC|société coopérative d’intérêt collectif|5560',
	'6220|GIE|groupement d’intérêt économique',
	'5800|SE|société européenne',
	'4110|EPIC|établissement public national à caractère industriel ou commercial',
	'1000|EI|entrepreneur individuel|entreprise individuelle|auto-entrepreneur|micro-entreprise',
	'9220|association|association déclarée|association loi 1901|9210|9221|9222|9230|9260',
	'9300|fondation',
]
const BOOLEANS = ['true|1|oui|yes|o|y|on', 'false|0|non|no|n|off']

/** @param {readonly string[]} lines */
const groupsOf = lines => lines.map(line => line.split('|').map(plain))
const BUILT_IN = groupsOf([...LEGAL_FORMS, ...BOOLEANS])

/**
 * Everything that means the same as a value, the value first.
 * @param {unknown} value @param {readonly string[][]} [extra] Groups of synonyms that the page or its form adds.
 * @returns {string[]}
 */
export function meaningsOf(value, extra = []) {
	const text = `${value}`
	// "SAS, société par actions simplifiée": the whole, then what stands before the comma.
	const words = [text, text.split(/[,(]/)[0], ...waysToWriteCountry(text)].map(plain).filter(Boolean)
	const groups = [...extra.map(group => group.map(plain)), ...BUILT_IN]
	const same = groups.filter(group => words.some(word => group.includes(word)))
	return [...new Set([...words, ...same.flat()])]
}

/**
 * The index of the choice that means the value, or -1: values before labels, the value itself before its synonyms.
 * @param {readonly Choice[]} choices @param {unknown} value @param {readonly string[][]} [extra]
 */
export function indexOfChoice(choices, value, extra) {
	for (const meaning of meaningsOf(value, extra))
		for (const part of /** @type {const} */ (['value', 'label'])) {
			const index = choices.findIndex(choice => choice[part] && plain(choice[part]) === meaning)
			if (index >= 0) return index
		}
	return -1
}

/** The name nearest to a mistyped one, when it is near. @param {string} name @param {readonly string[]} known */
export function nearest(name, known) {
	const distance = (/** @type {string} */ a, /** @type {string} */ b) => {
		let row = [...Array(b.length + 1).keys()]
		for (let i = 1; i <= a.length; i++)
			row = row.reduce(
				(next, above, j) => [
					...next,
					j ? Math.min(above + 1, next[j - 1] + 1, row[j - 1] + +(a[i - 1] !== b[j - 1])) : i,
				],
				/** @type {number[]} */ ([]),
			)
		return row[b.length]
	}
	const lower = name.toLowerCase()
	const [best] = known
		.map(other => /** @type {const} */ ([distance(lower, other.toLowerCase()), other]))
		.sort((a, b) => a[0] - b[0])
	return best && best[0] <= Math.max(2, name.length / 3) ? best[1] : ''
}
