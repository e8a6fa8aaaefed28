"""Words that point to the program itself as the cause: screens, rules of the business, code and its exceptions."""

from functions.classify.rule_match import Terms

APPLICATION = (
    Terms(
        "screen",
        {"Application": 2.3},
        "ui, ux, gui, frontend, front-end, button, buttons, form, forms, dropdown, drop down, drop-down, menu, "
        "navigation, checkbox, check box, radio button, popup, pop-up, modal, dialog, tooltip, icon, icons, logo, "
        "favicon, font, css, html, javascript, layout, sidebar, footer, header bar, navbar, breadcrumb, banner, "
        "wizard, widget, dark mode, dark theme, light theme, placeholder, text field, input field, text box, "
        "search box, search field, date picker, slider, scroll, scrollbar, scrolling, spinner, landing page, "
        "home page, homepage, index page, settings page, contact page, login page, checkout page, profile page, "
        "admin panel, planning board, white page, white screen, blank page, blank screen, empty page, autocomplete, "
        "pagination, infinite scroll, drag and drop, keyboard shortcut, shortcut, screen reader, accessibility, "
        "wcag, contrast, retina, responsive, pixel, alignment, misaligned, wording, translation, translations, "
        "caption, spelling, typo, emoji, avatar, carousel, hamburger menu, tab order, zoom level, lighthouse, "
        "notification settings, settings, preferences, user settings, profile picture, thumbnail view, "
        "image gallery, gallery, renders, render, rendering, copyright year, comment field, mobile view, "
        "print view, print preview, preview, full screen, fullscreen, loading indicator, progress bar, "
        "error message, error messages, popover, accordion, tab bar, toolbar, ribbon, list view, detail view, "
        "calendar view, welcome page, welcome text, onboarding screen, startup screen, splash screen, cursor, "
        "mouse over, hover, link colour, link color",
    ),
    Terms(
        "screen",
        {"Application": 1.4},
        "page, pages, screen, screens, app, apps, display, displayed, label, labels, text",
    ),
    Terms(
        "browser or phone",
        {"Application": 1.6},
        "browser, browsers, safari, chrome, firefox, opera, internet explorer, android, ios, iphone, ipad, "
        "mobile app, phone app, app store, play store, apk, testflight, tablet, desktop app, desktop client, "
        "electron, pwa, webview, cookie, cookies, cookie banner, localstorage, local storage, browser cache, "
        "hard refresh, incognito, push message, push messages, push notification, push notifications, crash-free, "
        "crashlytics, anr, website, web site, webshop",
    ),
    Terms(
        "code",
        {"Application": 2.4},
        "bug, bugs, regression, code, source code, codebase, refactoring, refactor, feature, feature flag, "
        "feature toggle, feature request, pull request, merge request, hotfix, traceback, stack trace, stacktrace, "
        "exception, fatal exception, unhandled exception, uncaught, sentry, sentry issue, rollbar, bugsnag, "
        "race condition, null pointer, off by one, infinite loop, endless loop, dependency, dependabot, "
        "renovate pr, npm, npm audit, yarn, lodash, maven, gradle, nuget, pip package, composer, spring boot, "
        "django, flask, rails, laravel, symfony, react, angular, vue, svelte, next.js, typescript, webpack, "
        "middleware, business logic, algorithm, unit test, worker threads, thread pool, threadpool, heap dump, "
        "garbage collection, gc pauses, outofmemoryerror, java heap space, log4j, validation, validator, regex, "
        "parser, serializer, deserialize, client library, sdk, swagger, openapi, api docs, postman, code freeze, "
        "deprecated api, deprecation, compile error, build warning, unit tests, test coverage, null check, "
        "cached response, session mixup, heap, worker thread, memory leak, leak in service, timezone bug, "
        "calculation error, logic error, release 1, version 2, hot fix, patch notes",
    ),
    Terms(
        "exception names",
        {"Application": 3},
        "nullpointerexception, npe, nullreferenceexception, illegalstateexception, illegalargumentexception, "
        "classcastexception, classnotfoundexception, noclassdeffounderror, numberformatexception, "
        "arrayindexoutofboundsexception, indexoutofboundsexception, stackoverflowerror, stackoverflowexception, "
        "concurrentmodificationexception, unsupportedoperationexception, invalidoperationexception, "
        "argumentexception, typeerror, referenceerror, syntaxerror, rangeerror, keyerror, valueerror, "
        "attributeerror, indexerror, nameerror, importerror, modulenotfounderror, recursionerror, "
        "zerodivisionerror, assertionerror, unicodedecodeerror, unicodeencodeerror, nomethoderror, argumenterror, "
        "undefined is not, cannot read property, cannot read properties, undefined function, unexpected token, "
        "nil pointer, nil pointer dereference, null reference, maximum call stack, unhandled promise rejection, "
        "unhandledpromiserejection, jsonparseexception, jsondecodeerror, runtimeexception, validationerror, "
        "templatesyntaxerror, chunkloaderror, hydration failed, division by zero, index out of range",
    ),
    Terms(
        "interfaces",
        {"Application": 1.8},
        "api, apis, rest api, public api, endpoint, endpoints, graphql, grpc, webhook, webhooks, soap, json, xml, "
        "payload, callback url, http 500, error 500, returns 500, http 404, http 400, http 422, "
        "500 internal server error, internal server error, status 500, oauth, oauth2, openid, saml, sso, "
        "single sign on, jwt, bearer token, access token, refresh token, csrf, xss, idor, cors, claim, claims, "
        "rate limiter, api key, api version, integration, integrations, sync job, connector, third party api, "
        "stripe, paypal, twilio, mailchimp, salesforce, zapier",
    ),
    Terms(
        "interfaces",
        {"Application": 1},
        "500, 404, 422, 400, 401, 403, 500s, 404s, 429, token, tokens, session, sessions",
    ),
    Terms(
        "signing in",
        {"Application": 1.6},
        "login, logins, log in, logged in, logging in, logged out, logout, log out, sign in, signin, sign up, "
        "signup, registration, register form, password reset, forgot password, lost password, reset password, "
        "change password, password field, captcha, recaptcha, 2fa, mfa, totp, two factor, otp, magic link, "
        "remember me, user account, account page, user profile, user role, user roles, admin role, permission, "
        "permissions, access rights",
    ),
    Terms(
        "business",
        {"Application": 1.5},
        "checkout, cart, basket, shopping cart, wishlist, coupon, coupons, voucher, vouchers, promo code, "
        "gift card, discount, discounts, invoice, invoices, invoicing, billing, subscription, subscriptions, "
        "payment, payments, payment form, pay button, payment page, refund, refunds, charged twice, double charged, "
        "double booking, double bookings, double charge, charge twice, price, prices, pricing, currency, vat, tax, "
        "taxes, tax rate, rounding, rounded, calculation, calculations, calculate, calculates, calculated, "
        "calculator, decimal, decimals, decimal point, sum, totals, total, statistics, kpi, sepa, payroll, payslip, "
        "timesheet, booking page, booking form, booking, bookings, reservation, reservations, order form, "
        "order confirmation, order history, delivery note, shipping label, barcode, qr code, scanner app, "
        "credit note, credit notes, contract, contracts, production date, expiry date, down payment, "
        "unit conversion, dosage, recipe, catalogue, catalog, product page, interest, savings accounts, formula, "
        "score, scoring, ranking, recommendation engine, workflow, approval flow, business rule, business rules, "
        "balance shown, tariff, loyalty points, bonus points, points, membership, quote, order list, customer list, "
        "product list, price list, bulk mailer, mailer, campaign, unsubscribe, unsubscribed, offers, opening hours, "
        "vote, voting, poll, quiz, exam, course, courses, enrolment, seat map, seats, delivery date, "
        "stock level shown, tracking page, chat window, live chat, spreadsheet, pivot, mail merge, signature field, "
        "e-signature, autosave, undo button, ticket shop, seat, signature pad, suggests, sms codes, second factor",
    ),
    Terms(
        "features",
        {"Application": 1.2},
        "export, exports, exporting, exported, import, imports, importer, importing, csv, excel, xlsx, pdf, pdfs, "
        "word document, upload form, upload, uploads, uploading, download, downloads, downloading, attachment, "
        "attachments, document, documents, template, templates, email template, mail template, newsletter, "
        "notification, notifications, reminder, reminders, reminder mails, calendar, calendars, meeting, meetings, "
        "appointment, appointments, time zone, timezone, timezones, daylight saving, dst, winter time, summer time, "
        "date format, locale, language, encoding, utf-8, utf8, umlaut, umlauts, special characters, filter, "
        "filters, sort, sorting, sort order, search, search results, search function, comment, comments, chat, "
        "chatbot, survey, feedback, feedback form, profile, profile picture, photo, photos, image upload, "
        "thumbnail, thumbnails, user manual, manual, help page, help text, release notes, changelog, faq, tutorial, "
        "onboarding, mandatory field, field, fields, map view, gps, chart, charts, graph view, dashboard view, "
        "module, modules, customer portal, portal, admin area, version, release, deploy, deployed, deployment, "
        "rollout, shop, online shop, erp, crm, sap, sharepoint, jira, confluence, since release, since deploy, "
        "since update, after deploy, after release, after update, new version, last release, new release, "
        "report page, reports page, report service, pdf report",
    ),
    Terms(
        "features",
        {"Application": 0.5},
        "user, users, file, files, email, mail, function, order, orders, click, clicking, item, view, report, reports",
    ),
    Terms(
        "rights in the program",
        {"Application": 1.6},
        "other people's, someone else's, other customers, other users, other customer's, another customer, "
        "another user, another tenant, stranger, alg=none, signature not verified, bug bounty, "
        "privilege escalation, account takeover, authorization check, access control, cross site scripting, "
        "path traversal, prompt injection, open redirect, ssrf",
    ),
    Terms(
        "hidden",
        {},
        "exit code, error code, code = unknown, status code, zip code, postal code, country code, form of, post code",
    ),
    Terms(
        "hidden",
        {},
        "status page, root user, deploy keys, deploy key, service account, key account",
    ),
)
