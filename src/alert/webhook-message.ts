import { shorten } from '../report/format.ts';
import { type Mood, type Notice, linesOf, linksOf, moodOf, titleOf } from './notice.ts';
import type { Service } from './webhook-service.ts';

/** Without a width: a reader sees nothing, and a service no name to call. */
const breaker = '\u200b';
const longest = 2500;
/** Discord's limit is 4,096, and an escape doubles a character. */
const longestToEscape = 1800;
const colours: Readonly<Record<Mood, number>> = { bad: 0xd1242f, good: 0x1a7f37, neutral: 0x57606a };
const signs: Readonly<Record<Mood, string>> = { bad: '\u{1f534}', good: '\u{1f7e2}', neutral: '\u{1f535}' };
const styles: Readonly<Record<Mood, string>> = { bad: 'attention', good: 'good', neutral: 'default' };

/** A notice as JSON in the form that a service takes. Foreign text in it is shown as it is: no markup, no link, and nobody is called. */
export function messageFor(service: Service, notice: Notice): unknown {
  switch (service) {
    case 'slack':
      return slack(notice);
    case 'discord':
      return discord(notice);
    case 'teams':
      return teams(notice);
    case 'mattermost':
      return mattermost(notice);
    case 'google-chat':
      return googleChat(notice);
    case 'json':
      return plain(notice);
  }
}

/** Text objects of the type plain_text are not looked through for anything; `text` is what a notification shows (docs.slack.dev). */
function slack(notice: Notice): unknown {
  const title = headOf(notice);
  const links = linksOf(notice).map(({ label, url }) => `<${escapeSlack(url)}|${label}>`);
  const plainText = (text: string) => ({ type: 'section', text: { type: 'plain_text', text, emoji: false } });
  return {
    text: escapeSlack(title),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: shorten(title, 150), emoji: false } },
      plainText(bodyOf(notice)),
      ...(links.length === 0 ? [] : [{ type: 'section', text: { type: 'mrkdwn', text: links.join(' \u00b7 ') } }]),
    ],
  };
}

/** Embeds call nobody, and `allowed_mentions` says so once more; at most 256 and 4,096 characters (discord.com/developers). */
function discord(notice: Notice): unknown {
  return {
    allowed_mentions: { parse: [] },
    embeds: [
      {
        title: shorten(headOf(notice), 256),
        description: [escapeChatMarkdown(bodyOf(notice, longestToEscape)), '', chatLinks(notice)].join('\n'),
        color: colours[moodOf(notice)],
        timestamp: notice.at.toISOString(),
      },
    ],
  };
}

/** A TextRun knows no Markdown, other than a TextBlock; a mention would need an entity of its own (learn.microsoft.com/adaptive-cards). */
function teams(notice: Notice): unknown {
  const run = (text: string, more: Record<string, string> = {}) => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, ...more }],
  });
  const card = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    msteams: { width: 'Full' },
    body: [
      run(headOf(notice), { weight: 'bolder', size: 'medium', color: styles[moodOf(notice)] }),
      ...bodyOf(notice)
        .split('\n')
        .filter(line => line !== '')
        .map(line => run(line)),
    ],
    actions: linksOf(notice).map(({ label, url }) => ({ type: 'Action.OpenUrl', title: label, url })),
  };
  return {
    type: 'message',
    summary: headOf(notice),
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content: card }],
  };
}

/** Markdown, in which `@all` and Slack's `<!channel>` call people, and no option turns that off (docs.mattermost.com). */
function mattermost(notice: Notice): unknown {
  const head = `**${escapeChatMarkdown(headOf(notice))}**`;
  return { text: [head, '', escapeChatMarkdown(bodyOf(notice)), '', chatLinks(notice)].join('\n') };
}

/** Cards take some HTML, and know no mentions; `text` is what a notification shows (developers.google.com/chat). */
function googleChat(notice: Notice): unknown {
  const title = headOf(notice);
  const buttons = linksOf(notice).map(({ label, url }) => ({ text: label, onClick: { openLink: { url } } }));
  const text = bodyOf(notice).split('\n').map(escapeHtml).join('<br>');
  const widgets = [{ textParagraph: { text } }, ...(buttons.length === 0 ? [] : [{ buttonList: { buttons } }])];
  return {
    text: title,
    cardsV2: [{ cardId: 'pg-lifeboat', card: { header: { title }, sections: [{ widgets }] } }],
  };
}

function plain(notice: Notice): unknown {
  const { name, at, outcomes, recovered, details, runUrl, issueUrl } = notice;
  return {
    source: 'pg-lifeboat',
    format: 1,
    title: titleOf(notice),
    name,
    at: at.toISOString(),
    state: { bad: 'failed', good: 'good', neutral: 'started' }[moodOf(notice)],
    outcomes,
    recovered,
    details,
    runUrl,
    issueUrl,
    text: linesOf(notice).join('\n'),
  };
}

function headOf(notice: Notice): string {
  return `${signs[moodOf(notice)]} ${titleOf(notice)}`;
}

function bodyOf(notice: Notice, most = longest): string {
  return shorten(linesOf(notice).join('\n'), most);
}

function chatLinks(notice: Notice): string {
  return linksOf(notice)
    .map(({ label, url }) => `[${label}](${url})`)
    .join(' \u00b7 ');
}

function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function escapeHtml(text: string): string {
  return escapeSlack(text).replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}

/** Markdown as chats have it: a backslash before each mark that both know one for, and a break in what calls somebody or is a link. */
function escapeChatMarkdown(text: string): string {
  return text
    .replaceAll(/[\\`*_~|>()[\]#+\-!{}]/g, String.raw`\$&`)
    .replaceAll(/[@<]|:(?=\/\/)|\bwww(?=\.)/gi, `$&${breaker}`);
}
