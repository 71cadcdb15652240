// Tabs, as the ARIA practices describe them.

/** @param {(panel: HTMLElement) => void} [shown] Called with the panel that comes to the front. */
export const startTabs = (shown = () => {}) => {
	const tabs = /** @type {HTMLElement[]} */ ([...document.querySelectorAll('[role=tab]')])
	const panelOf = (/** @type {HTMLElement} */ tab) => document.getElementById(tab.getAttribute('aria-controls'))
	const show = (/** @type {HTMLElement} */ front) => {
		for (const tab of tabs) {
			tab.setAttribute('aria-selected', String(tab === front))
			tab.tabIndex = tab === front ? 0 : -1
			panelOf(tab).hidden = tab !== front
		}
		front.focus()
		shown(panelOf(front))
	}
	for (const [index, tab] of tabs.entries()) {
		tab.addEventListener('click', () => show(tab))
		tab.addEventListener('keydown', ({ key }) => {
			const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
			if (step) show(tabs.at((index + step) % tabs.length))
		})
	}
}
