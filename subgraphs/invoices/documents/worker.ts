import { answerRenderings } from '#shared/documents/render-thread.ts';
import { drawDocument } from './layout.ts';

answerRenderings(drawDocument);
