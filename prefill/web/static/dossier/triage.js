// What an agent does next with a dossier: what to ask of the candidate, what to read, what to query again.

import { day } from './format.js'

/**
 * @typedef {import('./proofs.js').Proof} Proof
 * @typedef {{ date?: string, text: string }} Mention
 * @typedef {object} Dossier
 * @property {string} [siret]
 * @property {string} [siren] None for an association that has none.
 * @property {string} [rna]
 * @property {boolean} complete
 * @property {{ name: string, value: any }[]} company
 * @property {{ id: string, title: string, proofs: Proof[] }[]} themes
 * @property {{ entries: Mention[] }} [mentions]
 *
 * @typedef {object} Triage What is left to do, by title of proof.
 * @property {string[]} mentions
 * @property {string[]} toRead Whose register says something against it, or that must be looked at.
 * @property {string[]} toAsk
 * @property {string[]} expiring
 * @property {string} soonest The ISO day of the first proof to end, of those that did not; empty when none has an end.
 * @property {string[]} unavailable
 * @property {number} retryIn Seconds before the soonest of the unavailable ones may answer; 0 when it is not known.
 */

const ASKED_OF_THE_CANDIDATE = ['not_delivered', 'refused', 'expired']
const LEFT_TO_A_REGISTER = ['unavailable', 'late', 'under_review']

/** @param {Dossier} dossier */
export const nameOf = dossier =>
	dossier.company.find(detail => detail.name === 'name')?.value || `Entreprise ${dossier.siren || dossier.rna}`

/**
 * @param {Dossier} dossier
 * @param {string} [before] An ISO day: what ends before it is expiring.
 * @returns {Triage}
 */
export const triage = (dossier, before = '') => {
	const proofs = dossier.themes.flatMap(theme => theme.proofs)
	const titled = (/** @type {(proof: Proof) => boolean} */ wanted) =>
		proofs.filter(wanted).map(proof => `${proof.title} : ${proof.word}`)
	const waits = proofs.filter(proof => LEFT_TO_A_REGISTER.includes(proof.state))
	const delays = waits.map(proof => proof.retryIn || 0).filter(seconds => seconds > 0)
	return {
		mentions: (dossier.mentions?.entries || []).map(entry =>
			[entry.date && day(entry.date), entry.text].filter(Boolean).join(' · '),
		),
		toRead: titled(proof => ['bad', 'watch'].includes(proof.tone) && !LEFT_TO_A_REGISTER.includes(proof.state)),
		toAsk: titled(proof => proof.tone === 'ask'),
		expiring: proofs
			.filter(proof => ends(proof, before))
			.map(proof => `${proof.title} : jusqu’au ${day(proof.validUntil)}`),
		soonest:
			proofs
				.filter(proof => proof.state !== 'expired' && proof.validUntil)
				.map(proof => proof.validUntil)
				.sort()[0] || '',
		unavailable: titled(proof => LEFT_TO_A_REGISTER.includes(proof.state)),
		retryIn: delays.length ? Math.min(...delays) : 0,
	}
}

/**
 * @param {Proof} proof
 * @param {string} before
 */
const ends = (proof, before) =>
	proof.state !== 'expired' &&
	Boolean(proof.validUntil) &&
	(proof.expiresSoon || (before !== '' && proof.validUntil < before))

/**
 * Say whether registers answered, which is no judgment of the company.
 *
 * @param {Dossier} dossier
 */
export const whatAnswered = dossier => {
	if (!dossier.complete)
		return 'Dossier partiel : un registre au moins n’a pas répondu. Redemander ne coûte que ce qui manque.'
	const closed = dossier.themes.flatMap(theme => theme.proofs).filter(proof => proof.state === 'not_entitled').length
	return closed
		? `Tous les registres que le jeton de l’acheteur ouvre ont répondu ; fermés : ${closed}.`
		: 'Tous les registres ont répondu.'
}

/**
 * How soon a dossier is to be handled: the greater the sooner.
 *
 * @param {Triage} found
 */
export const urgency = found =>
	found.mentions.length * 1000 +
	found.toRead.length * 100 +
	found.toAsk.length * 10 +
	found.expiring.length +
	(found.unavailable.length ? 0.5 : 0)

/**
 * Write to the candidate what is missing: a text to copy and to change.
 *
 * @param {Dossier} dossier
 * @param {string} procedure
 * @returns {string} Empty when nothing is to be asked.
 */
export const messageTo = (dossier, procedure) => {
	const missing = dossier.themes
		.flatMap(theme => theme.proofs)
		.filter(proof => ASKED_OF_THE_CANDIDATE.includes(proof.state))
	if (!missing.length) return ''
	const lines = missing.map(
		proof =>
			`- ${proof.title} (${proof.producer})${proof.state === 'expired' ? `, en cours de validité : celui que nous avons est échu` : ''}`,
	)
	return [
		`Objet : ${procedure} – pièces à compléter (${nameOf(dossier)})`,
		'',
		'Madame, Monsieur,',
		'',
		`Pour la consultation ${procedure}, nous n’avons pas pu obtenir par nous-mêmes, auprès des organismes concernés, les documents suivants :`,
		'',
		...lines,
		'',
		'Cela ne préjuge pas de votre situation : certains organismes ne délivrent pas ces documents à toutes les entreprises. Merci de nous les adresser, ou de nous dire pourquoi ils ne vous concernent pas.',
		'',
		'Cordialement,',
	].join('\n')
}
