// The phone page's state, handed to its tabs.
import { inject, type InjectionKey } from 'vue'
import type { PhoneState } from './usePhone'

export const PHONE: InjectionKey<PhoneState> = Symbol('phone')

export function useState(): PhoneState {
  const found = inject(PHONE)
  if (!found) throw new Error('outside the phone page')
  return found
}
