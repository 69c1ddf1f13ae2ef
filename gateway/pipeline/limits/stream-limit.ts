/** How many event streams each viewer or, signed out, each address may have open at a time. */
export interface StreamLimit {
  readonly most: number;
  /** Counts a stream as open; returns the function that ends it, or undefined when the holder has too many. */
  open(holder: string): (() => void) | undefined;
}

/** @param most 0 is any number. */
export function createStreamLimit(most: number): StreamLimit {
  const openByHolder = new Map<string, number>();
  return {
    most,
    open(holder) {
      const count = openByHolder.get(holder) ?? 0;
      if (most > 0 && count >= most) return undefined;
      openByHolder.set(holder, count + 1);
      let isOpen = true;
      return () => {
        if (!isOpen) return;
        isOpen = false;
        const left = openByHolder.get(holder)! - 1;
        if (left === 0) openByHolder.delete(holder);
        else openByHolder.set(holder, left);
      };
    },
  };
}
