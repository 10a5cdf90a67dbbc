// ADR 0079
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Call } from '#platform/contract.ts';
import type { Failure } from '#platform/errors.ts';
import type { AuthApi } from '../../contract.ts';
import { fieldOf, formProof } from './browser.ts';
import { html } from './html.ts';
import { networkOfRequest, type PageKit, tellable, withReturn } from './kit.ts';
import { field, noticeOf, statusOf } from './layout.ts';

/** Opening an account. What comes next is the same for an address that has one, so that nobody learns who has. */
export function registerPages(kit: PageKit, register: Call<typeof AuthApi.register>): Router {
  function show(request: Request, response: Response, failure?: Failure): void {
    kit.send(response, {
      title: 'Open an account',
      leads: 'anywhere',
      status: failure ? statusOf(failure) : 200,
      notice: failure && noticeOf(failure, response),
      body: html`<form method="post" action="${withReturn('/account/register', request)}">
          ${formProof(response)}
          ${field({ name: 'name', label: 'Name', autocomplete: 'name', value: fieldOf(request, 'name'), autofocus: true })}
          ${field({ name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username', value: fieldOf(request, 'email') })}
          ${field({
            name: 'password',
            label: 'Password',
            type: 'password',
            autocomplete: 'new-password',
            hint: 'The longer the better: a few random words are good.',
          })}
          <button>Open the account</button>
        </form>
        <div class="links">
          <p>You have one? <a href="${withReturn('/account/login', request)}">Log in</a></p>
        </div>`,
    });
  }

  const open: RequestHandler = async (request, response) => {
    const [name, email, password] = [fieldOf(request, 'name'), fieldOf(request, 'email'), fieldOf(request, 'password')];
    try {
      await register({ name, email, password, address: networkOfRequest() });
      response.redirect(303, withReturn('/account/login', request, { opened: '1' }));
    } catch (error) {
      show(request, response, tellable(error));
    }
  };

  const router = Router();
  router.get('/account/register', (request, response) => show(request, response));
  router.post('/account/register', ...kit.readForm, open);
  return router;
}
