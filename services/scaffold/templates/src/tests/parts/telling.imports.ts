import { tables } from '../../models/index.js';
import { told } from '../../parts/tellings.js';
import type { Row } from '../backend.js';
