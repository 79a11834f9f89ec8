// What an 18-digit resident identity number says (GB 11643-1999); the service checks it again.
import { words } from './words'

export interface IdNumber {
  area: string
  born: string
  sex: '1' | '2'
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECKS = '10X98765432'

const plain = (text: string) => text.normalize('NFKC').toUpperCase().replace(/[\s-]/g, '')

export function readIdNumber(text: string): IdNumber | null {
  const number = plain(text)
  if (idFault(number)) return null
  const long = number.length === 18
  const day = long ? number.slice(6, 14) : `19${number.slice(6, 12)}`
  const order = Number(long ? number[16] : number[14])
  return { area: number.slice(0, 6), born: `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`, sex: order % 2 ? '1' : '2' }
}

/** The sentence for what cannot be such a number, or null. */
export function idFault(text: string): string | null {
  const number = plain(text)
  if (/^\d{15}$/.test(number)) return realDay(`19${number.slice(6, 12)}`) ? null : words.faults.idDay
  if (!/^\d{17}[\dX]$/.test(number)) return words.faults.idForm
  const sum = WEIGHTS.reduce((total, weight, at) => total + weight * Number(number[at]), 0)
  if (CHECKS[sum % 11] !== number[17]) return words.faults.idCheck
  return realDay(number.slice(6, 14)) ? null : words.faults.idDay
}

function realDay(text: string): boolean {
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(4, 6)), Number(text.slice(6))]
  const at = new Date(Date.UTC(year, month - 1, day))
  return at.getUTCFullYear() === year && at.getUTCMonth() === month - 1 && at.getUTCDate() === day && at <= new Date()
}
