/** Left out of a picture: what belongs to the pointer and not to the image. */
const NEVER = '.viewer-lens, .viewer-question, .viewer-handle, .viewer-tile button, .film-controls';
const PATIENT = '.viewer-who, [data-about-patient="true"]';

/**
 * The pane as it stands on the screen — image, marks, corner text — on one canvas, in device pixels. Without the patient, the lines that say who
 * it is are left out; what a scanner has burnt into the image cannot be.
 */
export function paintPane(pane: HTMLElement, options: { readonly patient: boolean }): HTMLCanvasElement {
  const box = pane.getBoundingClientRect();
  const ratio = devicePixelRatio;
  const picture = document.createElement('canvas');
  picture.width = Math.max(1, Math.round(box.width * ratio));
  picture.height = Math.max(1, Math.round(box.height * ratio));
  const context = picture.getContext('2d');
  if (context === null) return picture;
  context.fillStyle = '#000000';
  context.fillRect(0, 0, picture.width, picture.height);
  context.scale(ratio, ratio);
  context.translate(-box.left, -box.top);
  paint(pane, context, options.patient ? NEVER : `${NEVER}, ${PATIENT}`);
  return picture;
}

/** Elements in the order of the document, which is that of the layers. */
function paint(element: Element, context: CanvasRenderingContext2D, skip: string): void {
  if (element.matches(skip)) return;
  const style = getComputedStyle(element);
  if (style.display === 'none' || style.visibility === 'hidden' || style.opacity === '0') return;
  if (element instanceof HTMLCanvasElement) paintCanvas(element, context);
  else if (element instanceof SVGGeometryElement) paintShape(element, style, context);
  else if (element instanceof HTMLElement) paintBox(element, style, context);
  for (const node of element.childNodes) {
    if (node instanceof Element) paint(node, context, skip);
    else if (node instanceof Text && node.data.trim() !== '') paintText(node, style, context);
  }
}

function paintCanvas(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D): void {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  if (canvas.width === 0 || canvas.height === 0 || width === 0 || height === 0) return;
  // Pixels of the image go over one by one.
  context.imageSmoothingEnabled = Math.abs(canvas.width - width * devicePixelRatio) > 1;
  context.drawImage(canvas, left, top, width, height);
}

function paintShape(shape: SVGGeometryElement, style: CSSStyleDeclaration, context: CanvasRenderingContext2D): void {
  const matrix = shape.getScreenCTM();
  if (matrix === null) return;
  const path = new Path2D();
  path.addPath(outlineOf(shape), matrix);
  context.save();
  context.globalAlpha = Number(style.opacity) || 1;
  if (style.fill !== 'none') {
    context.globalAlpha *= Number(style.fillOpacity) || 0;
    context.fillStyle = style.fill;
    context.fill(path);
    context.globalAlpha = Number(style.opacity) || 1;
  }
  if (style.stroke !== 'none') {
    const scale = Math.hypot(matrix.a, matrix.b);
    context.globalAlpha *= Number(style.strokeOpacity) || 0;
    context.strokeStyle = style.stroke;
    context.lineWidth = Number.parseFloat(style.strokeWidth) * (style.vectorEffect === 'non-scaling-stroke' ? 1 : scale);
    context.lineCap = style.strokeLinecap as CanvasLineCap;
    context.lineJoin = style.strokeLinejoin as CanvasLineJoin;
    context.setLineDash(style.strokeDasharray === 'none' ? [] : style.strokeDasharray.split(/[\s,]+/).map(Number.parseFloat));
    context.stroke(path);
  }
  context.restore();
}

function outlineOf(shape: SVGGeometryElement): Path2D {
  const path = new Path2D();
  const number = (name: string) => Number.parseFloat(shape.getAttribute(name) ?? '0') || 0;
  if (shape instanceof SVGPathElement) return new Path2D(shape.getAttribute('d') ?? '');
  if (shape instanceof SVGCircleElement) path.arc(number('cx'), number('cy'), number('r'), 0, 2 * Math.PI);
  else if (shape instanceof SVGEllipseElement) path.ellipse(number('cx'), number('cy'), number('rx'), number('ry'), 0, 0, 2 * Math.PI);
  else if (shape instanceof SVGRectElement) path.rect(number('x'), number('y'), number('width'), number('height'));
  else if (shape instanceof SVGLineElement) {
    path.moveTo(number('x1'), number('y1'));
    path.lineTo(number('x2'), number('y2'));
  } else if (shape instanceof SVGPolylineElement || shape instanceof SVGPolygonElement) {
    for (const { x, y } of shape.points) path.lineTo(x, y);
    if (shape instanceof SVGPolygonElement) path.closePath();
  }
  return path;
}

/** Background and borders: what the scale bar and the plates behind the text are made of. */
function paintBox(element: HTMLElement, style: CSSStyleDeclaration, context: CanvasRenderingContext2D): void {
  const box = element.getBoundingClientRect();
  if (box.width === 0 || box.height === 0) return;
  context.fillStyle = style.backgroundColor;
  context.fillRect(box.left, box.top, box.width, box.height);
  const sides = [
    [style.borderTopWidth, style.borderTopColor, style.borderTopStyle, box.left, box.top, box.width, 0],
    [style.borderBottomWidth, style.borderBottomColor, style.borderBottomStyle, box.left, box.bottom, box.width, -1],
    [style.borderLeftWidth, style.borderLeftColor, style.borderLeftStyle, box.left, box.top, 0, box.height],
    [style.borderRightWidth, style.borderRightColor, style.borderRightStyle, box.right, box.top, -1, box.height],
  ] as const;
  for (const [given, colour, kind, x, y, width, height] of sides) {
    const thick = kind === 'none' ? 0 : Number.parseFloat(given);
    if (thick === 0) continue;
    context.fillStyle = colour;
    if (height > 0) context.fillRect(width < 0 ? x - thick : x, y, thick, height);
    else context.fillRect(x, height < 0 ? y - thick : y, width, thick);
  }
}

/** Line by line as the page broke it, in the page's own font; a dark rim keeps it readable on any image. */
function paintText(text: Text, style: CSSStyleDeclaration, context: CanvasRenderingContext2D): void {
  context.save();
  context.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  context.direction = style.direction === 'rtl' ? 'rtl' : 'ltr';
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  context.fontVariantCaps = 'normal';
  const svg = text.parentElement instanceof SVGElement;
  context.fillStyle = svg ? style.fill : style.color;
  context.strokeStyle = 'rgb(0 0 0 / 60%)';
  context.lineWidth = svg ? Number.parseFloat(style.strokeWidth) || 3 : 2;
  context.lineJoin = 'round';
  for (const { line, box } of linesOf(text)) {
    const measured = context.measureText(line);
    const height = measured.fontBoundingBoxAscent + measured.fontBoundingBoxDescent;
    const baseline = box.top + (box.height - height) / 2 + measured.fontBoundingBoxAscent;
    // The page may cut a long line short; the picture does not write over its edge either.
    context.strokeText(line, box.left, baseline, Math.max(box.width, 1));
    context.fillText(line, box.left, baseline, Math.max(box.width, 1));
  }
  context.restore();
}

interface TextLine {
  line: string;
  box: DOMRect;
}

/** Latin, Greek and Cyrillic with signs: nothing is joined or turned around. */
const SEPARATE = /^[\u0020-\u024F\u0370-\u052F\u2000-\u206F\u20A0-\u22FF]*$/;

function* lettersOf(text: Text, range: Range): Generator<TextLine> {
  for (let at = 0; at < text.length; at++) {
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    const line = text.data[at] ?? '';
    if (line.trim() !== '') yield { line, box: range.getBoundingClientRect() };
  }
}

function linesOf(text: Text): TextLine[] {
  const range = document.createRange();
  range.selectNodeContents(text);
  const boxes = [...range.getClientRects()];
  const [only] = boxes;
  if (only === undefined) return [];
  // Letters that stand for themselves go where the page has them: its figures are all of one width, a canvas knows no such figures.
  if (SEPARATE.test(text.data)) return [...lettersOf(text, range)];
  if (boxes.length === 1) return [{ line: text.data, box: only }];
  const lines: TextLine[] = [];
  for (let at = 0; at < text.length; at++) {
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    const box = range.getBoundingClientRect();
    const last = lines.at(-1);
    if (last !== undefined && Math.abs(last.box.top - box.top) < box.height / 2) {
      last.line += text.data[at] ?? '';
      last.box = new DOMRect(
        Math.min(last.box.left, box.left),
        last.box.top,
        Math.max(last.box.right, box.right) - Math.min(last.box.left, box.left),
        last.box.height,
      );
    } else lines.push({ line: text.data[at] ?? '', box });
  }
  return lines;
}
