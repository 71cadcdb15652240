/** The sentences that a candidate reads, in French and English. */

import { grouped } from './identifiers.js'

/** @param {string} language */
export function sentencesIn(language) {
	const english = language === 'en'
	/** @param {string} fr @param {string} en */
	const t = (fr, en) => (english ? en : fr)
	/** @param {number} count @param {string} one @param {string} many */
	const n = (count, one, many) => `${count} ${count > 1 ? many : one}`
	return {
		t,
		day: (/** @type {string} */ moment) =>
			english ? moment.slice(0, 10) : moment.slice(0, 10).replace(/(\d+)-(\d+)-(\d+)/, '$3/$2/$1'),
		searching: (/** @type {string} */ number) =>
			t(`Recherche de ${grouped(number)}…`, `Looking for ${grouped(number)}…`),
		looking: t('Recherche…', 'Searching…'),
		filling: (/** @type {number} */ filled, /** @type {number} */ answered, /** @type {number} */ expected) =>
			t(`${n(filled, 'champ rempli', 'champs remplis')}`, `${n(filled, 'field', 'fields')} filled in`) +
			(expected > 1 ? t(` ; ${answered} registres sur ${expected}…`, `; ${answered} of ${expected} registers…`) : '…'),
		counts: (/** @type {number} */ filled, missing = 0, confirm = 0) =>
			[
				t(n(filled, 'rempli', 'remplis'), `${filled} filled in`),
				missing && t(`${missing} à compléter`, `${missing} left to you`),
				confirm && t(`${confirm} à confirmer`, `${confirm} to confirm`),
			]
				.filter(Boolean)
				.join(', '),
		nothing: t('Rien à préremplir : continuez à la main.', 'Nothing to fill in: carry on by hand.'),
		outage: t(
			'Les registres ne répondent pas : continuez à la main, ou réessayez.',
			'The registers do not answer: carry on by hand, or try again.',
		),
		restored: t('repris de votre visite', 'kept from your visit'),
		spent: t(
			'Trop de recherches en ce moment : celle-ci reprendra d’elle-même, ou saisissez le SIRET.',
			'Too many searches at the moment: this one will resume by itself, or type the SIRET.',
		),
		silent: t('Le service ne répond pas : continuez à la main.', 'The service does not answer: carry on by hand.'),
		offline: t(
			'Connexion interrompue : la recherche reprendra d’elle-même.',
			'You are offline: the search will resume by itself.',
		),
		wrong: t('Ce SIRET n’existe pas : vérifiez ses 14 chiffres.', 'This SIRET does not exist: check its 14 digits.'),
		wrongNumber: t('Ce numéro n’existe pas : vérifiez ses chiffres.', 'This number does not exist: check its digits.'),
		length: (/** @type {number} */ count) =>
			t(
				`Un SIRET compte 14 chiffres, un SIREN 9 ; ici ${count}.`,
				`A SIRET has 14 digits, a SIREN 9; this has ${count}.`,
			),
		typeNumber: t('Saisissez le SIRET : 14 chiffres.', 'Type the SIRET: 14 digits.'),
		undone: t('Préremplissage annulé.', 'Prefilling undone.'),
		stale: (/** @type {string} */ number) =>
			t(`Des champs viennent encore du ${grouped(number)}.`, `Some fields still come from ${grouped(number)}.`),
		changed: t('Le numéro a changé : préremplir de nouveau ?', 'The number has changed: fill in again?'),
		consent: t(
			'Votre accord est demandé avant toute recherche.',
			'Your consent is asked before anything is looked up.',
		),
		filledBy: (/** @type {string} */ producer, /** @type {string} */ day, asOf = '') =>
			asOf
				? t(`Prérempli : ${producer}, donnée du ${asOf}. `, `Prefilled: ${producer}, as of ${asOf}. `)
				: t(`Prérempli : ${producer}, ${day}. `, `Prefilled: ${producer}, ${day}. `),
		check: t('À vérifier.', 'Please check.'),
		confirm: t('À confirmer.', 'Please confirm.'),
		asOf: t(
			'Registre indisponible : réponse gardée, à vérifier.',
			'Register unavailable: an earlier answer, please check.',
		),
		suggestion: (/** @type {string} */ producer, /** @type {string} */ text) =>
			t(`${producer} : ${text} — `, `${producer}: ${text} — `),
		foreign: (/** @type {string} */ number) =>
			t(`Saisi pour le ${grouped(number)} : à vérifier — `, `Typed for ${grouped(number)}: please check — `),
		former: (/** @type {string} */ number) =>
			t(`Valeur du ${grouped(number)} : à vérifier — `, `Value of ${grouped(number)}: please check — `),
		take: t('Reprendre', 'Use it'),
		remove: t('Retirer', 'Remove'),
		removeAll: t('Retirer ces valeurs', 'Remove these values'),
		undo: t('Annuler le préremplissage', 'Undo prefilling'),
		redo: t('Rétablir', 'Redo'),
		fill: t('Préremplir', 'Fill in'),
		retry: t('Réessayer', 'Try again'),
		retryIn: (/** @type {number} */ seconds) => t(`Réessayer dans ${seconds} s`, `Try again in ${seconds} s`),
		successor: t('Utiliser le successeur', 'Use the successor'),
		use: (/** @type {string} */ number) => t(`Utiliser le ${grouped(number)}`, `Use ${grouped(number)}`),
		accept: t('J’accepte', 'I accept'),
		details: t('Détail des champs', 'Field by field'),
		toConfirm: t('À confirmer', 'To confirm'),
		toComplete: t('À compléter', 'Left to you'),
	}
}
/** @typedef {ReturnType<typeof sentencesIn>} Sentences */
