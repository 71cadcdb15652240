import { useForm } from 'react-hook-form'
import { useService } from 'prefill-widget'
import { usePrefill } from 'prefill-widget/react'

useService('https://prefill.exemple.fr/v1/')

export default function Candidature() {
  const { ref, state } = usePrefill({ schema: 'dume' })
  const { register, handleSubmit } = useForm()
  return (
    <form ref={ref} aria-busy={state === 'filling'} onSubmit={handleSubmit(console.log)}>
      <label>SIRET <input data-prefill-siret="" {...register('siret', { pattern: /^\d{14}$/ })} /></label>
      <label>Dénomination <input data-prefill-field="name" {...register('nom')} /></label>
      <label>Commune <input data-prefill-field="cityName" {...register('commune')} /></label>
    </form>
  )
}
