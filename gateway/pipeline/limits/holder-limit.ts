/** What each of many may hold at a time. */
export interface Places {
  /** Takes a place for `holder`; the function that gives it back, or undefined when all are taken. */
  take(holder: string): (() => void) | undefined;
}

/** `limit` places for each holder; 0 is any number. */
export function createPlaces(limit: number): Places {
  const taken = new Map<string, number>();
  return {
    take(holder) {
      const count = taken.get(holder) ?? 0;
      if (limit > 0 && count >= limit) return undefined;
      taken.set(holder, count + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const left = taken.get(holder)! - 1;
        // Holders that are gone are not remembered.
        if (left === 0) taken.delete(holder);
        else taken.set(holder, left);
      };
    },
  };
}
