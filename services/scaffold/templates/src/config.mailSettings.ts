  smtpUrl: [
    'SMTP_URL',
    uri('smtp', 'smtps').messages({ '*': '{#label} must be as smtp://user:password@host:587.' }),
  ],
  mailFrom: [
    'MAIL_FROM',
    text
      .pattern(/^(?:[^\s<>@,;]+@[^\s<>@,;]+|(?:[^<>@,;"\r\n]*|"[^"\r\n]*" *)<[^\s<>@,;]+@[^\s<>@,;]+>)$/)
      .when('SMTP_URL', { is: Joi.exist(), then: Joi.required() })
      .messages({
        'any.required': '{#label} must be set where SMTP_URL is: whom mails are from.',
        '*': '{#label} must be whom mails are from, as shop@example.com or Shop <shop@example.com>.',
      }),
  ],
  passwordResetUrl: [
    'PASSWORD_RESET_URL',
    url()
      .pattern(/^[^#]*$/)
      .messages({ '*': '{#label} must be an http or https URL, to which "#token=" is added.' }),
  ],
