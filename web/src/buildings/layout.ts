// Floors x doors as one types them, and the rooms they would make, floor by floor.
export interface Typed {
  lowest: number
  highest: number
  doors: number
  skippedFloors: string
  skippedDoors: string
}

export interface PreviewRoom {
  floor: number
  door: number
  door_span: number
  number: string
  is_there: boolean
}

export interface Preview {
  rooms: PreviewRoom[]
  made: number
  already_there: number
  fault: string | null
}

/** Whole numbers in a text, however they are separated: "4, 13、14". */
export function numbersIn(text: string): number[] {
  return (text.match(/-?\d+/g) ?? []).map(Number)
}

export function bodyOf({ lowest, highest, doors, skippedFloors, skippedDoors }: Typed) {
  return { lowest, highest, doors, skipped_floors: numbersIn(skippedFloors), skipped_doors: numbersIn(skippedDoors) }
}

/** Rooms by floor, the top floor first, doors from the left. */
export function floorsOf(rooms: PreviewRoom[]): { floor: number; rooms: PreviewRoom[] }[] {
  const found = new Map<number, PreviewRoom[]>()
  for (const room of rooms) found.set(room.floor, [...(found.get(room.floor) ?? []), room])
  return [...found]
    .sort(([a], [b]) => b - a)
    .map(([floor, mine]) => ({ floor, rooms: mine.sort((a, b) => a.door - b.door) }))
}
