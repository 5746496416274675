import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const PATIENCE_MS = 20_000;

/** Takes mails by SMTP, as much of it as a client needs that sends one (RFC 5321). */
export class MailServer {
  private readonly mails: string[] = [];
  private readonly waiting: ((mail: string) => void)[] = [];

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.serve(socket));
  }

  static async start(): Promise<MailServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new MailServer(server);
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next mail, as it was sent, with its long lines whole again. */
  async next(): Promise<string> {
    return this.mails.shift() ?? new Promise((resolve, reject) => {
      this.waiting.push(resolve);
      setTimeout(() => reject(new Error('no mail has come')), PATIENCE_MS).unref();
    });
  }

  async stop(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    let mail: string[] | undefined;
    let rest = '';
    const answer = (line: string): boolean => socket.write(`${line}\r\n`);
    answer('220 ready');
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const lines = (rest + data.toString()).split('\r\n');
      rest = lines.pop()!;
      for (const line of lines) {
        if (mail !== undefined && line !== '.') mail.push(line);
        else if (mail !== undefined) {
          this.take(mail.join('\n').replaceAll('=\n', '').replaceAll('=3D', '='));
          mail = undefined;
          answer('250 taken');
        } else if (line === 'DATA') {
          mail = [];
          answer('354 go on');
        } else answer(line === 'QUIT' ? '221 bye' : '250 fine');
      }
    });
  }

  private take(mail: string): void {
    const waiting = this.waiting.shift();
    if (waiting === undefined) this.mails.push(mail);
    else waiting(mail);
  }
}
