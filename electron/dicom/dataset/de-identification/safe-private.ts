import type { Dataset } from '../dataset.ts';
import type { Tag } from '../dictionary.ts';
import { isVR, type VR } from '../vr.ts';

/**
 * VR of a private attribute that Retain Safe Private keeps, undefined for all others: its block belongs to the creator (gggg,00bb), and table E.3.10-1 of PS3.15
 * lists it. `dataset` is the one that holds the element.
 */
export function safePrivateVR(dataset: Dataset, tag: Tag): VR | undefined {
  const element = tag % 0x10000;
  if (element < 0x1000) return undefined;
  const creator = dataset.string(tag - element + (element >>> 8));
  const key = (tag - element + (element & 0xff)).toString(16).padStart(8, '0');
  const vr = list().get(creator)?.get(key);
  return vr !== undefined && isVR(vr) ? vr : undefined;
}

/** Tag of the private creator that reserves the block of an element (PS3.5 §7.8.1). */
export function creatorTagOf(tag: Tag): Tag {
  const element = tag % 0x10000;
  return tag - element + (element >>> 8);
}

/**
 * Table E.3.10-1 as facts: creator, then `gggg` + last two digits of the element + VR. What holds raw acquisitions of ultrasound devices is left out: nobody can
 * tell what is in it.
 */
const LINES = `\
Philips PET Private Group:705300DS 705309DS
ELSCINT1:00e121DS 00e150DS 01e126CS 01f101CS 01f107DS 01f126DS 01f127DS
GEMS_ACQU_01:001923DS 001924DS 001927DS 00199eLO
GEMS_PARM_01:004327SH 004339IS 00436fDS
GEMS_HELIOS_01:004501SS 004502FL
GEIIS PACS:090310US 090311US 090312US
Philips Imaging DD 001:200103FL 200104CS
SIEMENS MR HEADER:00190cIS 00190dCS 00190eFD 001927FD
GEMS_SERS_01:002507SL
HOLOGIC, Inc.:7e0101LO 7e0102SH 7e0110SQ 7e0111SQ 7e0112OB
NQHeader:009901UI 009902UI 009904SS 009905LT 009910FL 009920SH 009921FL
Philips MR Imaging DD 001:20050dFL 20050eFL`;

/** Volumes of NeuroQuant: (0199,xx01) to (0199,xx16) of the left, (0299,…) of the right half. */
const VOLUMES = [
  ['NQLeft', '0199'],
  ['NQRight', '0299'],
] as const;

let creators: ReadonlyMap<string, ReadonlyMap<string, string>> | undefined;

function list(): ReadonlyMap<string, ReadonlyMap<string, string>> {
  creators ??= new Map([...LINES.split('\n').map(toCreator), ...VOLUMES.map(([name, group]) => volumesOf(name, group))]);
  return creators;
}

function toCreator(line: string): [string, Map<string, string>] {
  const colon = line.indexOf(':');
  const entries = line
    .slice(colon + 1)
    .split(' ')
    .map((entry): [string, string] => [`${entry.slice(0, 4)}00${entry.slice(4, 6)}`, entry.slice(6)]);
  return [line.slice(0, colon), new Map(entries)];
}

function volumesOf(name: string, group: string): [string, Map<string, string>] {
  const entries = Array.from({ length: 0x16 }, (_, index): [string, string] => [
    `${group}00${(index + 1).toString(16).padStart(2, '0')}`,
    'FL',
  ]);
  return [name, new Map(entries)];
}
