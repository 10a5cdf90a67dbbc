import Layer from 'express/lib/router/layer.js';

export const layer = Layer;
