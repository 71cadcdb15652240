// How an agent signs in on both pages: by the buyer's identity provider, or with a key that is checked at once.

import { askSession, refusalOf, sessionToken, setKey, setSession, signOutOfSession } from './api.js'
import { byId } from './dom.js'

const LINK = 'prefill.link'
const tab = window.sessionStorage
// Why the provider's way back opened no session, by the code that /signin puts in the fragment.
const REFUSALS = {
	refused: 'La connexion a été refusée. Recommencez, ou présentez une clé d’agent.',
	expired: 'La connexion a pris trop de temps, ou a été faite dans un autre onglet : recommencez.',
	not_admitted:
		'Vous êtes connecté chez votre fournisseur d’identité, mais votre établissement ou votre adresse n’a pas accès à ce service : voyez votre administrateur.',
	unavailable: 'Le fournisseur d’identité ne répond pas : réessayez plus tard, ou présentez une clé d’agent.',
}

/**
 * @typedef {object} Handlers
 * @property {() => void} opened Somebody is signed in.
 * @property {() => void} closed Nobody is any more.
 * @property {(message: string) => void} refused
 */

/** @type {Promise<void>} */
let checking = Promise.resolve()
/** @type {Handlers} */
let handlers = { opened: () => {}, closed: () => {}, refused: () => {} }

/** Wait for the key or the session that is being checked. */
export const signInSettled = () => checking

/** @param {string} key */
const checkKey = async key => {
	byId('key').value = ''
	setKey(key)
	const response = await askSession().catch(() => /** @type {Response} */ (null))
	if (response?.ok) {
		showSigned(await response.json(), 'clé reconnue')
		return
	}
	setKey('')
	const fault = response ? await refusalOf(response) : null
	handlers.refused(
		response?.status === 401
			? 'Cette clé n’est pas reconnue : vérifiez-la, ou demandez-en une autre à votre administrateur.'
			: fault?.message || 'Le service ne répond pas : réessayez plus tard.',
	)
	if (isIdle()) byId('key').focus()
}

const checkSession = async () => {
	const response = await askSession().catch(() => /** @type {Response} */ (null))
	const told = response?.ok ? await response.json() : {}
	if (told.csrf) {
		setSession(told.csrf)
		showSigned(told, told.name || 'connecté')
	} else if (told.signIn) {
		const address = new URL(told.signIn.href, location.href)
		address.searchParams.set('next', location.pathname)
		byId('sso-link').href = `${address}`
		byId('sso-link').textContent = `Se connecter avec ${told.signIn.label}`
		byId('sso').hidden = false
	}
}

/** Whether nobody writes elsewhere meanwhile: the focus is then this module's to move. */
const isIdle = () => document.activeElement === document.body || byId('signin').contains(document.activeElement)

/**
 * @param {{ buyer: string, agent: string }} told
 * @param {string} word
 */
const showSigned = (told, word) => {
	const idle = isIdle()
	byId('signed-as').textContent = `${word} · ${told.buyer}`
	byId('signin').hidden = true
	byId('signed').hidden = false
	handlers.opened()
	if (idle) document.querySelector(/** @type {'input'} */ ('#ask input, #ask textarea')).focus()
}

const showSignedOut = () => {
	setKey('')
	byId('signin').hidden = false
	byId('signed').hidden = true
}

/** The service no longer knows the key or the session: sign in again. */
export const signInAgain = () => {
	setSession('')
	showSignedOut()
	checking = checkSession()
}

/** End the session, here and at the provider's; with a key, forget it. */
const leave = async () => {
	const session = sessionToken()
	const elsewhere = session ? await signOutOfSession().catch(() => '') : ''
	showSignedOut()
	handlers.closed()
	if (elsewhere) location.assign(elsewhere)
	else if (session) checking = checkSession()
}

/** @param {string} key */
export const useKey = key => {
	checking = checkKey(key)
	return checking
}

/**
 * The candidate of a link, in the fragment or the query of the address; kept in this tab while its reader signs in, and
 * taken out of the address.
 *
 * @returns {URLSearchParams}
 */
const takeLink = () => {
	const given = [location.hash.slice(1), location.search.slice(1)].map(text => new URLSearchParams(text))
	const linked = given.find(one => one.has('siret')) || new URLSearchParams(tab.getItem(LINK) || '')
	if (linked.has('siret')) tab.setItem(LINK, linked.toString())
	const tenant = given[1].get('tenant')
	const refusal = given[0].get('signin')
	history.replaceState(null, '', tenant ? `?${new URLSearchParams({ tenant })}` : location.pathname)
	if (refusal) handlers.refused(REFUSALS[/** @type {keyof typeof REFUSALS} */ (refusal)] || REFUSALS.refused)
	return linked
}

export const forgetLink = () => tab.removeItem(LINK)

/**
 * @param {Handlers} own
 * @returns {URLSearchParams} The candidate of the link that led here, when there is one.
 */
export const setUpSignIn = own => {
	handlers = own
	const linked = takeLink()
	byId('signin').addEventListener('submit', (/** @type {Event} */ event) => {
		event.preventDefault()
		if (byId('key').value.trim()) useKey(byId('key').value)
	})
	byId('use-sandbox')?.addEventListener('click', () => useKey(byId('sandbox-key').textContent))
	byId('signout').addEventListener('click', leave)
	addEventListener('pagehide', () => {
		if (!sessionToken()) showSignedOut()
	})
	checking = checkSession()
	return linked
}
