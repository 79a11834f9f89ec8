// The phone page's state, handed to its tabs.
import { inject, type InjectionKey } from 'vue'
import type { PhoneState } from './usePhone'

export const PHONE: InjectionKey<PhoneState> = Symbol('phone')

export function useState(): PhoneState {
  const found = inject(PHONE)
  if (!found) throw new Error('outside the phone page')
  return found
}

/** 14:05 */
export function clock(at: number | string): string {
  const moment = new Date(at)
  return `${String(moment.getHours()).padStart(2, '0')}:${String(moment.getMinutes()).padStart(2, '0')}`
}
