import { StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { useForm } from 'react-hook-form'
import { usePrefill } from '../../adapters/react.js'
import { options } from './boot.js'

function Member() {
	return (
		<div id="member-2">
			<label>
				SIRET <input id="siret2" data-prefill-siret="" />
			</label>
			<label>
				Nom <input id="name2" data-prefill-field="name" />
			</label>
			<label>
				Commune <input id="city2" data-prefill-field="cityName" />
			</label>
		</div>
	)
}

function Application() {
	const { ref } = usePrefill(options)
	const [second, setSecond] = useState(false)
	const [step, setStep] = useState(1)
	// One field is controlled by React, one by React Hook Form, which checks the number too.
	const [name, setName] = useState('')
	const { register, getValues, formState } = useForm({ mode: 'onChange' })
	const siret = register('siret', { required: true, pattern: /^\d{14}$/ })
	window.model = () => ({
		name,
		city: getValues('city'),
		form: getValues('form') || '',
		ess: getValues('ess') || '',
		errors: Object.keys(formState.errors),
	})
	return (
		<form id="application" ref={ref} data-prefill="dume">
			<div id="member-1">
				<p>
					<label>
						SIRET <input id="siret" data-prefill-siret="" {...siret} />
					</label>
				</p>
				{step === 1 && (
					<p>
						<label>
							Nom{' '}
							<input
								id="name"
								data-prefill-field="name"
								value={name}
								onChange={event => setName(event.target.value)}
							/>
						</label>
					</p>
				)}
				{step === 1 && (
					<p>
						<label>
							Commune <input id="city" data-prefill-field="cityName" {...register('city')} />
						</label>
					</p>
				)}
				<p>
					<label>
						TVA <input id="vat" data-prefill-field="vat" {...register('vat')} />
					</label>
				</p>
				<p>
					<label>
						RCS <input id="rcs" data-prefill-field="registrationNumber" {...register('rcs')} />
					</label>
				</p>
				<p>
					<label>
						Forme{' '}
						<select id="form" data-prefill-field="legalForm" {...register('form')}>
							<option value="">Choisir</option>
							<option>SARL</option>
							<option>SAS</option>
							<option>Association</option>
						</select>
					</label>
				</p>
				<fieldset>
					<legend>ESS</legend>
					<label>
						<input
							type="radio"
							id="ess-yes"
							value="oui"
							data-prefill-field="socialEconomy"
							{...register('ess')}
						/>{' '}
						Oui
					</label>
					<label>
						<input type="radio" id="ess-no" value="non" {...register('ess')} /> Non
					</label>
				</fieldset>
			</div>
			{second && <Member />}
			<button type="button" id="add" onClick={() => setSecond(true)}>
				Ajouter
			</button>
			<button type="button" id="remove" onClick={() => setSecond(false)}>
				Retirer
			</button>
			<button type="button" id="next" onClick={() => setStep(2)}>
				Suivant
			</button>
			<button type="button" id="back" onClick={() => setStep(1)}>
				Précédent
			</button>
		</form>
	)
}

createRoot(document.getElementById('app')).render(
	<StrictMode>
		<Application />
	</StrictMode>,
)
