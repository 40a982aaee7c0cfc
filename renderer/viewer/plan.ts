/**
 * The order in which frames around `index` are wanted: the visible one, then three ahead for each one behind, until both ends. At most
 * `limit` of them: what the cache cannot hold is not prefetched.
 */
export function prefetchOrder(index: number, direction: 1 | -1, count: number, limit: number): number[] {
  const order: number[] = [];
  const take = (at: number) => {
    if (at >= 0 && at < count && order.length < limit) order.push(at);
  };
  take(index);
  let ahead = index + direction;
  let behind = index - direction;
  const inside = (at: number) => at >= 0 && at < count;
  while (order.length < limit && (inside(ahead) || inside(behind))) {
    for (let i = 0; i < 3; i++, ahead += direction) take(ahead);
    take(behind);
    behind -= direction;
  }
  return order;
}
