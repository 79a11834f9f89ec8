// What an 18-digit identity number says (GB 11643-1999); the service checks it too.

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const CHECKS = '10X98765432'

/** Sex and birth date of a number whose check digit is right; null for anything else. */
export function fromIdNumber(text: string): { sex: string; birth_date: string } | null {
  const number = text.trim().toUpperCase()
  if (!/^\d{17}[\dX]$/.test(number)) return null
  const sum = WEIGHTS.reduce((all, weight, at) => all + weight * Number(number[at]), 0)
  if (CHECKS[sum % 11] !== number[17]) return null
  return { sex: Number(number[16]) % 2 ? '1' : '2', birth_date: `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}` }
}
