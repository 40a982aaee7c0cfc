import { Menu } from '@mantine/core';
import { IconDownload, IconEye, IconListDetails, IconPlayerStop } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { promisedImages } from '../app/promised.ts';
import { loadSeries } from '../app/series.ts';
import { app, selectedEntry, useApp } from '../app/store.ts';
import { cancelAction, openStudy, retrieveOf, retrieveStudy } from '../app/study-commands.ts';
import { whereabouts } from '../app/study-list.ts';
import { t } from '../i18n/index.ts';

/** What can be done with the row under the pointer, each with its key. */
export function RowMenu({ children }: { children: ReactNode }) {
  const entry = useApp(selectedEntry);
  const expanded = useApp((state) => entry !== undefined && state.expanded[entry.uid] === true);
  const running = useApp((state) => (entry === undefined ? undefined : retrieveOf(state, entry.uid)?.update.actionId));
  const where = useApp((state) => (entry === undefined ? undefined : whereabouts(entry, promisedImages(state.workstation, entry.uid))));
  const retrievable = entry !== undefined && running === undefined && entry.nodes.length > 0 && where !== 'local';
  return (
    <Menu>
      <Menu.ContextMenu disabled={entry === undefined}>
        <div className="study-menu" role="presentation">
          {children}
        </div>
      </Menu.ContextMenu>
      {entry !== undefined && (
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconEye className="icon" />}
            rightSection={<kbd className="key">Enter</kbd>}
            onClick={() => openStudy(entry)}
          >
            {t('details.open')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconDownload className="icon" />}
            rightSection={<kbd className="key">Ctrl+R</kbd>}
            disabled={!retrievable}
            onClick={() => retrieveStudy(entry)}
          >
            {where === 'part' ? t('details.retrieveRest') : t('details.retrieve')}
          </Menu.Item>
          {running !== undefined && (
            <Menu.Item leftSection={<IconPlayerStop className="icon" />} onClick={() => cancelAction(running)}>
              {t('details.cancel')}
            </Menu.Item>
          )}
          <Menu.Item
            leftSection={<IconListDetails className="icon" />}
            rightSection={<kbd className="key">{expanded ? '←' : '→'}</kbd>}
            onClick={() => {
              app.set((state) => ({ expanded: { ...state.expanded, [entry.uid]: !expanded } }));
              if (!expanded) void loadSeries(entry);
            }}
          >
            {expanded ? t('table.collapse') : t('table.expand')}
          </Menu.Item>
        </Menu.Dropdown>
      )}
    </Menu>
  );
}
