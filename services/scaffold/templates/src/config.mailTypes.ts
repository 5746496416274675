  /** The server that mails are sent by, as smtp://user:password@host:587; undefined means that none are. */
  readonly smtpUrl: string | undefined;
  /** Whom mails are from. */
  readonly mailFrom: string | undefined;
  /** The page of your application that sets a new password: it gets the token behind `#token=`. */
  readonly passwordResetUrl: string | undefined;
