// Elements of the page: found by id, made with attributes and children.

/** @typedef {Node | string | null | undefined} Child */

/**
 * @param {string} id
 * @returns {any} The element; the page's template has every id that is asked for.
 */
export const byId = id => document.getElementById(id)

/**
 * @param {string} tag
 * @param {Record<string, string | boolean | undefined>} [attributes] True is an empty attribute, false is none.
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export const make = (tag, attributes = {}, ...children) => {
	const element = document.createElement(tag)
	for (const [name, value] of Object.entries(attributes)) {
		if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value)
	}
	element.append(...children.filter(child => child !== null && child !== undefined && child !== ''))
	return element
}

/** @param {string} text The state of the page, read aloud by screen readers. */
export const announce = text => {
	byId('status').textContent = text
}
