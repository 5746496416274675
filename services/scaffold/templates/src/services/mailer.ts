import { createTransport, type Transporter } from 'nodemailer';

import type { Config } from '../config.js';
import { Unavailable } from '../errors.js';
import { log } from '../logger.js';

const TIMEOUT_MS = 10_000;

type MailConfig = Pick<Config, 'environment' | 'smtpUrl' | 'mailFrom' | 'passwordResetUrl'>;

/** Sends mails by SMTP. In development, where no server is set, they are logged; elsewhere there are none then. */
export class Mailer {
  private readonly transport: Transporter | undefined;

  constructor(private readonly config: MailConfig) {
    const timeouts = { connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS };
    this.transport = config.smtpUrl === undefined ? undefined : createTransport({ url: config.smtpUrl, ...timeouts });
  }

  /** Throws Unavailable where no mail can be sent. */
  requireReady(): void {
    const isLogged = this.config.environment === 'development';
    if (this.transport === undefined && !isLogged) throw new Unavailable('This server sends no mail: SMTP_URL is not set.');
  }

  async sendReset(to: string, token: string): Promise<void> {
    const text = `Somebody, presumably you, asked for a new password. ${this.howTo(token)}\n\nIt works once, within an hour.`;
    await this.send({ to, subject: 'Your new password', text });
  }

  private howTo(token: string): string {
    const { passwordResetUrl } = this.config;
    if (passwordResetUrl === undefined) return `The token to set one: ${token}`;
    const url = new URL(passwordResetUrl);
    url.hash = new URLSearchParams({ token }).toString();
    return `To set one: ${url}`;
  }

  private async send(mail: { readonly to: string; readonly subject: string; readonly text: string }): Promise<void> {
    if (this.transport === undefined) log('info', 'a mail, which is sent where SMTP_URL is set', mail);
    else await this.transport.sendMail({ from: this.config.mailFrom, ...mail });
  }
}
