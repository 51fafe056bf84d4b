/** The size of an element as it changes, and its canvas made sharp for the screen. */

import { type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Follow an element's size, CSS pixels; nothing before it is laid out. */
export function useSize(place: RefObject<HTMLElement | null>): Signal<Size | null> {
  const size = useSignal<Size | null>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const measure = (): void => {
      const { clientWidth, clientHeight } = element;
      const before = size.peek();
      if (clientWidth === 0 || (before?.width === clientWidth && before.height === clientHeight)) return;
      size.value = { width: clientWidth, height: clientHeight };
    };
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    measure();
    return () => watcher.disconnect();
  }, []);
  return size;
}

/** Give a canvas as many points as the screen has, and a context that counts in CSS pixels. */
export function sharpen(canvas: HTMLCanvasElement, size: Size): CanvasRenderingContext2D | null {
  const density = Math.min(3, window.devicePixelRatio || 1);
  const [width, height] = [Math.round(size.width * density), Math.round(size.height * density)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  context?.setTransform(density, 0, 0, density, 0, 0);
  return context;
}
