  smtpUrl: [
    'SMTP_URL',
    text.uri({ scheme: ['smtp', 'smtps'] }).messages({ '*': '{#label} must be as smtp://user:password@host:587.' }),
  ],
  mailFrom: [
    'MAIL_FROM',
    text
      .when('SMTP_URL', { is: Joi.exist(), then: Joi.required() })
      .messages({ '*': '{#label} must be set where SMTP_URL is: whom mails are from.' }),
  ],
  passwordResetUrl: ['PASSWORD_RESET_URL', url()],
